import type { FailureReason, FetchedPage, Verdict } from "../document.ts";

/** The reason class of a page that is not to be kept; undefined when it is. */
export function reasonOf(verdict: Verdict, page: FetchedPage): FailureReason | undefined {
  if (verdict.isByStatus) return `http ${page.httpStatus}`;
  switch (verdict.kind) {
    case "ok":
      return undefined;
    case "shell":
      return page.rendered ? "empty" : "needs browser";
    case "soft-404":
      return "soft 404";
    case "rate-limited":
      return "rate limited";
    case "http-error":
      return `http ${page.httpStatus}`;
    case "unsupported":
      return "unsupported type";
    case "too-large":
      return "too large";
    case "transport":
      return "network";
    case "blocked":
    case "login":
    case "consent":
    case "empty":
      return verdict.kind;
    default:
      return verdict.kind satisfies never;
  }
}
