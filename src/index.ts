export { createForager, Forager, type ForagerOptions } from "./forager.ts";
export type { Job } from "./job.ts";
export type { ForagerEvent, ForagerEventType } from "./events.ts";
export { EventStream } from "./events.ts";
export type { AddOptions, AddSummary } from "./jobs/add-documents.ts";
export type { GivenDocument } from "./jobs/given-document.ts";
export type { VectorHit } from "./jobs/search-vector.ts";
export type { AskOptions } from "./jobs/ask.ts";
export type { CrawlOptions, EmbedMode } from "./jobs/crawl-options.ts";
export type { CrawlSummary } from "./jobs/crawl-summary.ts";
export type { EmbedSummary } from "./jobs/embed.ts";
export type { ScrapedPage, ScrapeFormat } from "./jobs/scrape.ts";
export type { SearchHit, SearchResult } from "./jobs/search.ts";
export type { SearchedStatus } from "./jobs/searched-status.ts";
export type { Status } from "./jobs/status.ts";
export type { Check } from "./jobs/doctor.ts";
export type { SelfTest, SelfTestFigures } from "./jobs/selftest.ts";
export type { DeadLetter } from "./jobs/dead-letters.ts";
export type { ExportKind } from "./jobs/export.ts";
export type { MigrateSummary } from "./jobs/migrate.ts";
export type { EvaluateOptions } from "./jobs/evaluate.ts";
export type { CalibrateOptions } from "./jobs/calibration-floor.ts";
export type { CalibrationReport } from "./jobs/calibrate.ts";
export type { Answer, Citation, Conflict } from "./rag/answering/answer.ts";
export type { Correction } from "./rag/retrieval/retrieve.ts";
export type { JudgedQuery } from "./rag/evaluation/judged-query.ts";
export type { EvaluationReport } from "./rag/evaluation/report.ts";
export { type Filter, onHost } from "./rag/filter.ts";
export type { Embedder } from "./rag/embedder.ts";
export type { ChatModel, ModelUsage, Prompt } from "./agents/chat-model.ts";
export type { Turn } from "./agents/question-planner.ts";
export type { AnswerSentence, WrittenAnswer } from "./agents/written-answer.ts";
export { LangChainModel } from "./agents/models/langchain.ts";
export { LangChainEmbedder } from "./rag/embedders/langchain.ts";
export type { Config, ConfigInput } from "./config.ts";
export type { FailureReason, PageDocument, VerdictKind } from "./document.ts";
export {
  AgentError,
  ForagerError,
  LeaseLostError,
  MissingError,
  NetworkError,
  OptionsError,
  StoreError,
  TimeoutError,
} from "./errors.ts";
export { createLog, silentLog, type Log, type LogLevel } from "./log.ts";
