export { ForagerEmbeddings, fromLangChainEmbeddings, type LangChainEmbeddingsOptions } from "./embeddings.ts";
export type { ForagerIndex, VectorHit } from "./forager-index.ts";
export type { PassageMetadata } from "./passage.ts";
export { ForagerRetriever, type ForagerRetrieverInput } from "./retriever.ts";
export { createForagerTools, type ForagerAbility, type ForagerToolOptions } from "./tools.ts";
export { ForagerVectorStore, type ForagerVectorStoreConfig } from "./vector-store.ts";
export { LangChainModel } from "../agents/models/langchain.ts";
export type { Filter } from "../rag/filter.ts";
export type { GivenDocument } from "../jobs/given-document.ts";
