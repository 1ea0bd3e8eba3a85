/** What content.json holds: everything the application shows. */
export interface Content {
  readonly navigation: readonly NavigationLink[];
  readonly sidebar: readonly { readonly title: string; readonly links: readonly NavigationLink[] }[];
  readonly footer: readonly string[];
  /** By route, `/app/` first. */
  readonly pages: Readonly<Record<string, PageContent>>;
}

export interface NavigationLink {
  readonly href: string;
  readonly label: string;
}

export interface PageContent {
  readonly title: string;
  readonly lead: string;
  readonly blocks: readonly ContentBlock[];
}

/** Text may hold `code` in backticks and [links](/to/pages). */
export type ContentBlock =
  | { readonly kind: "heading" | "paragraph" | "note"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "cards"; readonly items: readonly { readonly title: string; readonly text: string }[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };
