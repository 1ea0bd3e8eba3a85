import { expect, test } from "@playwright/test";
import type { Page } from "@playwright/test";
import { serveDemoSite } from "../sites/demo-site.ts";

test("every page that links lead to renders, without an error in the console", async ({ page }) => {
  await using site = await serveDemoSite();
  const problems = collectProblems(page);
  const seen = new Set(["/"]);
  for (const path of seen) {
    await page.goto(site.origin + path);
    await expect(page.locator("main h1"), path).toHaveCount(1);
    await expect(page, path).toHaveTitle(/Lantern/);
    await expect(page.locator("main h1"), path).not.toHaveText("Page not found");
    const links = await page
      .locator("a[href^='/']")
      .evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    for (const link of links) seen.add(link ?? "");
  }
  expect([...seen].filter((path) => path.startsWith("/app/")).length).toBe(5);
  expect(seen.size).toBe(18);
  expect(problems).toEqual([]);
});

test("the application's pages hold no text before their script has run", async ({ request }) => {
  await using site = await serveDemoSite();
  const shell = await (await request.get(`${site.origin}/app/releases/2.4`)).text();
  const body = shell.slice(shell.indexOf("<body>"));
  expect(body.replace(/<[^>]*>/g, "").trim()).toBe("");
});

test("the application changes routes without loading the shell again", async ({ page }) => {
  await using site = await serveDemoSite();
  await page.goto(`${site.origin}/app/`);
  await page.getByRole("link", { name: "Roadmap", exact: true }).first().click();
  await expect(page).toHaveTitle("Roadmap · Lantern");
  await page.goBack();
  await expect(page.locator("main h1")).toHaveText("What’s new in Lantern");
  expect(site.requests.filter(({ url }) => url === "/app/app.js")).toHaveLength(1);
});

test("a narrow screen shows a page without scrolling sideways", async ({ page }) => {
  await using site = await serveDemoSite();
  await page.setViewportSize({ width: 380, height: 800 });
  for (const path of ["/", "/docs/configuration.html", "/docs/api.html", "/app/roadmap"]) {
    await page.goto(site.origin + path);
    await expect(page.locator("main h1")).toBeVisible();
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
});

/** Console errors, exceptions and failed requests of a page, as they come. */
function collectProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => problems.push(`request: ${request.url()}`));
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`${response.status()}: ${response.url()}`);
  });
  return problems;
}
