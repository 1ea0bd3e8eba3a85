import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Candidate, type SelectionName, selections } from "../../src/coordination/pools/selection.ts";

const names = Object.keys(selections) as SelectionName[];

const candidates = fc
  .array(fc.record({ load: fc.nat(5), weight: fc.integer({ min: 1, max: 5 }), isFree: fc.boolean() }), {
    maxLength: 8,
  })
  .map((all) => all.map((each, place): Candidate => ({ ...each, place })));

function freeOnes(count: number, weight = (_place: number) => 1): Candidate[] {
  return Array.from({ length: count }, (_, place) => ({
    place,
    load: 0,
    weight: weight(place),
    isFree: true,
  }));
}

/** How often each place was chosen. */
function tally(places: readonly (number | undefined)[], count: number): number[] {
  const times = Array.from({ length: count }, () => 0);
  for (const place of places) if (place !== undefined) times[place] = (times[place] ?? 0) + 1;
  return times;
}

/** The load of the most loaded of fifty after a thousand calls that never end. */
function most(choose: (all: Candidate[]) => Candidate | undefined): number {
  const loads = Array.from({ length: 50 }, () => 0);
  for (let call = 0; call < 1_000; call += 1) {
    const all = loads.map((load, place) => ({ place, load, weight: 1, isFree: true }));
    const place = choose(all)?.place ?? 0;
    loads[place] = (loads[place] ?? 0) + 1;
  }
  return Math.max(...loads);
}

describe("selection", () => {
  for (const name of names) {
    it(`C6: ${name} chooses only members that are free, and one where there is one (no key given)`, () => {
      const property = fc.property(fc.array(candidates, { maxLength: 10 }), (rounds) => {
        const select = selections[name](Math.random);
        for (const all of rounds) {
          const chosen = select(all, undefined);
          if (all.some(({ isFree }) => isFree)) assert.ok(chosen?.isFree && all.includes(chosen));
          else assert.equal(chosen, undefined);
        }
      });
      fc.assert(property);
    });
  }

  it("C6: round-robin takes each in turn, whoever comes or goes", () => {
    const select = selections["round-robin"]();
    const all = freeOnes(4);
    const places = [all, all, all.slice(0, 2), all, all, all.slice(1)].map(
      (able) => select(able, undefined)?.place,
    );
    assert.deepEqual(places, [0, 1, 0, 1, 2, 3]);
  });

  it("C6: least-loaded takes who has least to do", () => {
    const property = fc.property(candidates, (all) => {
      const free = all.filter(({ isFree }) => isFree);
      const least = Math.min(...free.map(({ load }) => load));
      assert.equal(selections["least-loaded"]()(all, undefined)?.load ?? Infinity, least);
    });
    fc.assert(property);
  });

  it("C6: weighted takes each as often as its weight says, in no bursts", () => {
    const weights = [1, 2, 5];
    const select = selections.weighted();
    const all = freeOnes(3, (place) => weights[place] ?? 0);
    const places = Array.from({ length: 80 }, () => select(all, undefined)?.place);
    assert.deepEqual(tally(places, 3), [10, 20, 50]);
    for (let first = 0; first < 72; first += 8)
      assert.deepEqual(tally(places.slice(first, first + 8), 3), weights, "in every eight");
  });

  it("C6: affinity keeps a key where it is, spreads keys, and moves only those of who leaves", () => {
    const select = selections.affinity();
    const all = freeOnes(5);
    const keys = Array.from({ length: 2_000 }, (_, index) => `https://site-${index}.example`);
    const before = keys.map((key) => select(all, key)?.place);
    assert.deepEqual(
      keys.map((key) => select(all, key)?.place),
      before,
    );
    for (const times of tally(before, 5)) assert.ok(times > 300 && times < 500, `${times} of 2000 keys`);
    const rest = all.filter(({ place }) => place !== 2);
    const after = keys.map((key) => select(rest, key)?.place);
    for (const [index, place] of before.entries()) {
      if (place === 2) assert.notEqual(after[index], 2);
      else assert.equal(after[index], place);
    }
  });

  it("C6: affinity waits for the key's own member", () => {
    const select = selections.affinity();
    const all = freeOnes(3);
    const own = select(all, "key")?.place;
    const busy = all.map((each) => ({ ...each, isFree: each.place !== own }));
    assert.equal(select(busy, "key"), undefined);
    assert.notEqual(select(busy, undefined), undefined);
  });

  it("C6: the better of two random choices spreads work much evener than one", () => {
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const select = selections["random-two-choices"](random);
    const ofTwo = most((all) => select(all, undefined));
    const ofOne = most((all) => all[Math.floor(random() * all.length)]);
    assert.ok(ofTwo <= 24 && ofTwo < ofOne, `20 on average: ${ofTwo} at most, against ${ofOne}`);
  });
});
