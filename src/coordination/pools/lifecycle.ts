/** Where a member of a pool stands. An unhealthy one is isolated: it gets no more work, and its place is another's. */
export type MemberState = "starting" | "idle" | "busy" | "draining" | "stopped" | "unhealthy";

/** Every step there is. */
export const transitions: Readonly<Record<MemberState, readonly MemberState[]>> = {
  starting: ["idle", "draining", "unhealthy"],
  idle: ["busy", "draining", "unhealthy"],
  busy: ["idle", "draining", "unhealthy"],
  draining: ["stopped", "unhealthy"],
  unhealthy: ["stopped"],
  stopped: [],
};

/** @throws {RangeError} When no agent goes from the one to the other: a defect of whoever asks. */
export function checkTransition(who: string, from: MemberState, to: MemberState): void {
  if (!transitions[from].includes(to)) throw new RangeError(`${who} cannot become ${to}: it is ${from}.`);
}
