import type { ZodError } from "zod";
import { OptionsError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Embedder } from "../embedder.ts";
import { createLangChainEmbedder } from "./langchain.ts";
import { LangChainEmbedderOptions } from "./langchain-options.ts";
import { createLocalOnnxEmbedder } from "./local-onnx.ts";
import { LocalOnnxOptions } from "./local-onnx-options.ts";

/** Makes an embedder from its part of the configuration. */
export type EmbedderFactory = (deps: { readonly log: Log }, options: unknown) => Promise<Embedder>;

/** Every embedder by its name in the configuration. */
export const embedders = {
  "local-onnx": (deps, options) =>
    createLocalOnnxEmbedder(deps, parsed("local-onnx", LocalOnnxOptions.safeParse(options))),
  langchain: (_deps, options) =>
    createLangChainEmbedder(parsed("langchain", LangChainEmbedderOptions.safeParse(options))),
} satisfies Readonly<Record<string, EmbedderFactory>>;

export type EmbedderName = keyof typeof embedders;

function parsed<T>(
  name: string,
  result:
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: ZodError },
): T {
  if (!result.success) throw new OptionsError(`embedder ${name}`, result.error);
  return result.data;
}
