import { OverloadedError } from "../tasks.ts";
import { type Message, MessageError, type SendingContext } from "./bus.ts";
import type { Mailbox } from "./mailbox.ts";

/**
 * Gives one message to many; who cannot take it does not keep it from the others.
 * @returns How many took it.
 * @throws {MessageError} When it does not fit all of them; those whom it fits have it.
 */
export async function fanOut(
  mailboxes: readonly Mailbox[],
  message: Message,
  context: SendingContext,
): Promise<number> {
  let taken = 0;
  let misfit: MessageError | undefined;
  const waiting: Promise<void>[] = [];
  for (const mailbox of mailboxes) {
    try {
      const wait = mailbox.deliver(message, context);
      if (wait) waiting.push(wait);
      else taken += 1;
    } catch (error) {
      if (error instanceof MessageError) misfit ??= error;
      else if (!(error instanceof OverloadedError)) throw error;
    }
  }
  if (waiting.length > 0) {
    const settled = await Promise.allSettled(waiting);
    context.signal.throwIfAborted();
    taken += settled.filter(({ status }) => status === "fulfilled").length;
  }
  if (misfit) throw misfit;
  return taken;
}
