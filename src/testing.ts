// Small real adapters for the tests of those who build on Forager.
export { HashingEmbedder } from "./rag/embedders/hashing.ts";
