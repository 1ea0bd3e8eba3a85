import { availableParallelism } from "node:os";
import { createQuestionPlanner, createCrawlPlanner } from "./agents/planner.ts";
import { createAnswerExtractor } from "./agents/answer-extractor.ts";
import type { ChatModel } from "./agents/chat-model.ts";
import { Extractor } from "./agents/extractor.ts";
import { createAnswerValidator } from "./agents/ground-answer.ts";
import { openLangChainModel } from "./agents/models/langchain.ts";
import { createIndexResearcher, createPageResearcher } from "./agents/researcher.ts";
import { EgressGuard, systemResolve } from "./browser/egress-guard.ts";
import { FetchLadder } from "./browser/fetch-ladder.ts";
import { HostClock } from "./browser/host-clock.ts";
import { RobotsRules } from "./browser/robots.ts";
import { Scope } from "./browser/scope.ts";
import { sitemapUrls } from "./browser/sitemaps.ts";
import { type TierName, createTiers } from "./browser/tiers/index.ts";
import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Agent } from "./coordination/agent.ts";
import { AgentPool } from "./coordination/pool.ts";
import type { DataFolder } from "./data-folder.ts";
import { EventStream } from "./events.ts";
import type { AskFloor } from "./jobs/ask.ts";
import type { CrawlFloor } from "./jobs/crawl.ts";
import { type Log, silentLog } from "./log.ts";
import { Answerer } from "./rag/answer.ts";
import { EmbedBacklog } from "./rag/embed-backlog.ts";
import type { Embedder } from "./rag/embedder.ts";
import { embedders } from "./rag/embedders/index.ts";
import { Retriever } from "./rag/retrieve.ts";

/** More reading threads than this wait for the main thread, which commits what they read. */
const mostReadThreads = 4;
/** Agents that only think a little: as many at once as anyone asks for. */
const lightAgents = 64;
const lightTimeoutMs = 120_000;
