/**
 * What robots directives say to every robot; those that name one (`googlebot: noindex`) are not for us.
 * @see Google, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"
 */
export function robotsDirectives(values: readonly string[]): { isNoindex: boolean; isNofollow: boolean } {
  let isNoindex = false;
  let isNofollow = false;
  for (const value of values) {
    let isForUs = true;
    for (const part of value.toLowerCase().split(",")) {
      const [, agent, directive = ""] = /^\s*(?:([\w-]+)\s*:)?\s*(.*?)\s*$/.exec(part) ?? [];
      // A name holds for the directives after it too, up to the next name.
      if (agent !== undefined && agent !== "unavailable_after" && !agent.startsWith("max-"))
        isForUs = agent === "robots" || agent === "all";
      if (!isForUs) continue;
      if (directive === "noindex" || directive === "none") isNoindex = true;
      if (directive === "nofollow" || directive === "none") isNofollow = true;
    }
  }
  return { isNoindex, isNofollow };
}
