import { z } from "zod";
import type { RunContext } from "../context.ts";
import { runWithin } from "../deadline.ts";
import { TimeoutError } from "../errors.ts";
import type { Arbitrate } from "../rag/conflicts/resolve.ts";
import type { ChatModel } from "./chat-model.ts";
import { markData } from "./prompt-data.ts";
import { fillPrompt } from "./prompt.ts";

/** The number of a side, from 1; 0 when the quotes do not tell. */
const Judgement = z.strictObject({ side: z.int().min(0), reason: z.string() });

/** Whoever asks waits; the rules decide when this is over. */
const judgingMs = 15_000;
/** Quotes of a side that are shown: the best. */
const mostQuotes = 3;

/**
 * Lets a model decide between sources that contradict each other. It sees both sides as data; what it throws leaves the
 * decision to the rules.
 * @param onReason Told why, in the model's words.
 */
export function arbitrateBy(
  model: ChatModel,
  context: RunContext,
  onReason: (reason: string) => void = () => {},
): Arbitrate {
  return async ({ about, sides }) => {
    const { mark, data } = markData([
      { name: "question", text: about },
      ...sides.map(({ value, evidence }, index) => ({
        name: `side ${index + 1}`,
        text: [
          `Value: ${value}`,
          ...evidence
            .slice(0, mostQuotes)
            .map(({ title, host, publishedAt, context }) =>
              [`Page: ${title} (${host}${publishedAt === "" ? "" : `, ${publishedAt}`})`, context].join("\n"),
            ),
        ].join("\n\n"),
      })),
    ]);
    const limit = {
      timeoutMs: judgingMs,
      trace: `${context.trace}/arbitrate`,
      reason: () => new TimeoutError("Deciding between sources", judgingMs),
    };
    const prompt = { rules: fillPrompt("arbitrate", { mark }), data };
    const { side, reason } = await runWithin(context, limit, (context) =>
      model.ask(prompt, Judgement, context),
    );
    if (!sides[side - 1]) return undefined;
    onReason(reason);
    return side - 1;
  };
}
