/** A thing held by one holder at a time. */
export interface Lease extends AsyncDisposable {
  readonly name: string;
  /** Grows with every change of holder: who writes under an old token is refused. */
  readonly token: number;
  /** Aborts before the lease ends, when it could not be renewed; also when the machine's time was set back meanwhile. */
  readonly lost: AbortSignal;
  /** Looks it up: true until another holder takes it. Asked inside a transaction, it fences that transaction. */
  isHeld(): boolean;
}

/** Who holds a lease that could not be had. */
export interface LeaseHolder {
  /** Process, machine and start of the process, as in `1234@box:8f2c.4026531836.99120`. */
  readonly holder: string;
  readonly pid: number;
  readonly hostname: string;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly until: number;
}

/** Mutual exclusion between processes, with a heartbeat and fencing tokens. */
export interface Leases {
  /**
   * Takes the lease and renews it every third of `ttlMs` until disposed, or says who has it. A holder on this machine
   * whose process is gone is passed over at once, one that was not seen to renew for `ttlMs` whatever time it is; who
   * contends for a name uses the same `ttlMs`.
   */
  acquire(name: string, options: { readonly ttlMs: number }): Lease | LeaseHolder;
  /** Who holds it now. */
  holder(name: string): LeaseHolder | undefined;
}
