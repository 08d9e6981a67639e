// What every SDK is asked to do, and what must come of it: the same as in asking.py.

import assert from "node:assert/strict";

export const HELLO = "Say hello";
export const QUESTION = "What is the weather in Paris?";
export const FOUND = "sunny, 21 degrees";
export const PICTURE = "What is in this picture?";
export const PROBLEM = "Prove step by step that there are infinitely many primes.";
export const CITY = "Which city is called the city of light? Answer with its name and population.";
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const PLACE = {
  type: "object",
  properties: { city: { type: "string" }, population: { type: "integer" } },
  required: ["city", "population"],
  additionalProperties: false,
};

export function expectText(text) {
  assert.ok(text?.trim());
}

export function expectPieces(pieces) {
  assert.ok(pieces.filter(Boolean).length > 1);
}

export function expectCall(name, given) {
  const read = typeof given === "string" ? JSON.parse(given) : given;
  assert.equal(name, "get_weather");
  assert.equal(typeof read.city, "string");
}

export function expectFound(text) {
  assert.ok(text?.includes(FOUND), text);
}

export function expectPlace(answer) {
  const read = typeof answer === "string" ? JSON.parse(answer) : answer;
  assert.equal(typeof read.city, "string");
  assert.ok(Number.isInteger(read.population));
}

export function expectUsed(prompt, answer) {
  assert.ok(prompt > 0);
  assert.ok(answer > 0);
}

export async function collected(parts, pick) {
  const found = [];
  for await (const part of parts) found.push(pick(part));
  return found;
}
