// Tries every feature of every SDK on every router: `node run.mjs '{"router": "base URL"}' KEY`.
// Prints SDK → router → feature → "works", or the status and the words of the error.

import { ai_anthropic, ai_google, ai_openai } from "./ai.mjs";
import { anthropic } from "./anthropic.mjs";
import { openai_chat, openai_responses } from "./openai.mjs";

const SDKS = { ai_anthropic, ai_google, ai_openai, anthropic, openai_chat, openai_responses };
const [bases, key] = [JSON.parse(process.argv[2]), process.argv[3]];
globalThis.AI_SDK_LOG_WARNINGS = false;

async function outcome(attempt, base) {
  try {
    await attempt(base, key);
    return "works";
  } catch (error) {
    const cause = error.lastError ?? error.cause ?? error;
    const status = cause.status ?? cause.statusCode ?? 0;
    return `${status} ${cause.code ?? ""} ${cause.responseBody ?? cause.message}`;
  }
}

const found = {};
for (const [sdk, features] of Object.entries(SDKS)) {
  found[sdk] = {};
  await Promise.all(
    Object.entries(bases).map(async ([router, base]) => {
      const cell = (found[sdk][router] = {});
      for (const [feature, attempt] of Object.entries(features)) cell[feature] = await outcome(attempt, base);
    }),
  );
}
console.log(JSON.stringify(found));
process.exit(0);
