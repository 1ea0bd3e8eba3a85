import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { analyze, analyzeQuery, termsOf } from "../../src/rag/text/analyzer.ts";
import { withoutOtherStopWords } from "../../src/rag/text/question-stop-words.ts";
import { SmallIndex } from "./small-index.ts";

/** What is left of a question, white space aside. */
const left = (question: string) =>
  withoutOtherStopWords(question)
    .replace(/[\s?¿]+/gu, " ")
    .trim();

describe("stop words of a question", () => {
  it("are left out in the language of which it has the most", () => {
    const table: Readonly<Record<string, string>> = {
      "Wo werden die Passwörter der Konten aufbewahrt?": "Passwörter Konten aufbewahrt",
      "Wer darf Pakete in das Archiv hochladen?": "darf Pakete Archiv hochladen",
      "Où sont conservés les mots de passe des comptes ?": "conservés mots passe comptes",
      "Qu'est-ce que l'anneau de clés ?": "' - 'anneau clés",
      "¿Dónde se guardan las contraseñas de las cuentas?": "guardan contraseñas cuentas",
      "Где хранятся пароли и как их сменить?": "хранятся пароли сменить",
      "Dove sono conservate le password degli utenti?": "conservate password utenti",
      "Onde são guardadas as senhas das contas?": "guardadas senhas contas",
      "Waar worden de wachtwoorden van gebruikers bewaard?": "wachtwoorden gebruikers bewaard",
      "Var sparas lösenorden för användarna och hur?": "sparas lösenorden användarna",
      "Hvor gemmes brugernes adgangskoder og hvordan?": "gemmes brugernes adgangskoder",
      "Mihin käyttäjien salasanat ja tiedot on tallennettu?": "käyttäjien salasanat tiedot tallennettu",
      "Hol vannak a jelszavak és miért?": "Hol jelszavak",
    };
    for (const [question, rest] of Object.entries(table)) assert.equal(left(question), rest, question);
  });

  it("stay in English questions, though they are those of others", () => {
    const questions = [
      "How do I die gracefully?",
      "to die or not to die",
      "die casting",
      "man page",
      "Does the van hat man say no?",
      "apt-get install la la la",
      "",
    ];
    for (const question of questions) assert.equal(withoutOtherStopWords(question), question);
  });

  it("are left out where they are typed together", () => {
    assert.deepEqual(analyzeQuery("Whats WAL and why doesnt it work"), analyzeQuery("WAL and why work"));
    assert.notDeepEqual(analyze("whats"), analyze(""));
  });

  it("leave every question of the English sets as it is", () => {
    const folder = new URL("../../bench/questions/", import.meta.url);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const set = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as unknown;
      for (const question of questionsIn(set))
        assert.deepEqual(analyzeQuery(question), analyze(question), file);
    }
  });

  it("never leave out a word that is part of another, and add none", () => {
    const whole = ["diesel", "x86", "de2", "Netz"];
    const words = fc.constantFrom(...whole, "die", "der", "und", "-", "'", "las", "的", "where");
    fc.assert(
      fc.property(fc.array(words), fc.constantFrom(" ", ", ", "\n"), (parts, separator) => {
        const question = parts.join(separator);
        const kept = termsOf(withoutOtherStopWords(question));
        const all = termsOf(question);
        let at = 0;
        for (const term of kept) {
          at = all.indexOf(term, at) + 1;
          assert.ok(at > 0, question);
        }
        for (const word of whole)
          assert.equal(parts.includes(word), kept.includes(termsOf(word)[0] ?? -1), question);
      }),
    );
  });

  it("no longer bring up a page that shares nothing else with the question", async () => {
    using index = new SmallIndex([
      { url: "https://a.example/keys", title: "Schlüssel", passages: ["Ein Schlüssel öffnet das Tor."] },
      {
        url: "https://a.example/way",
        title: "Weg",
        passages: ["Wo ist der Weg, wie ist die Luft, und was ist das?"],
      },
    ]);
    const [found] = await index.store.searchWords([analyzeQuery("Wo ist der Schlüssel für das Tor?")], {
      limit: 9,
    });
    assert.equal(found?.chunks.length, 1);
    const [chunk] = await index.store.chunks(found.chunks.map(({ id }) => id));
    assert.equal(chunk?.url, "https://a.example/keys");
  });
});

/** Whatever stands under `query` or `question` of a set. */
function questionsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(questionsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if ((key === "query" || key === "question") && typeof inner === "string") return [inner];
    return key === "questions" ? questionsIn(inner) : [];
  });
}
