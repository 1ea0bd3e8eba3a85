/** What the stand-in refuses: a status and a sentence of its own, which goes into the error's JSON. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly retryAfter: string | undefined;

  constructor(status: number, message: string, retryAfter?: string) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A part of the API that no code of this project uses yet: the stand-in says so and notes it as a violation. */
export class NotServed extends Refusal {
  constructor(what: string) {
    super(501, `The stand-in does not serve ${what}. Teach it from a real server's answers.`);
  }
}

/** @throws {NotServed} When one of these members of a request has a value. */
export function refuseMembers(request: object, names: readonly string[]): void {
  for (const [name, value] of Object.entries(request)) {
    if (names.includes(name) && value !== null && value !== undefined) throw new NotServed(`"${name}"`);
  }
}

/** A collection, alias or point that is not there. */
export function notFound(what: string): Refusal {
  return new Refusal(404, `There is no ${what}.`);
}

/** A body of the right shape with a value that the server has no use for. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, message);
}
