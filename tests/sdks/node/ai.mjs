// Vercel's `ai`, with its own providers.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { Output, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import {
  CITY, FOUND, HELLO, PICTURE, PLACE, PNG, PROBLEM, QUESTION, WEATHER,
  collected, expectCall, expectFound, expectPieces, expectPlace, expectText, expectUsed,
} from "./asking.mjs";

function features(model, thinking) {
  const quiet = (base, key) => ({ model: model(base, key), maxRetries: 0 });
  const weather = (called) =>
    tool({
      description: "Current weather in a city",
      inputSchema: jsonSchema(WEATHER),
      execute: async (input) => {
        called.push(input);
        return FOUND;
      },
    });
  return {
    async text(base, key) {
      const reply = await generateText({ ...quiet(base, key), prompt: HELLO });
      expectText(reply.text);
      expectUsed(reply.usage.inputTokens, reply.usage.outputTokens);
    },
    async stream(base, key) {
      const coming = streamText({ ...quiet(base, key), prompt: HELLO, onError: () => {} });
      expectPieces(await collected(coming.textStream, (piece) => piece));
      const usage = await coming.usage;
      expectUsed(usage.inputTokens, usage.outputTokens);
    },
    async tools(base, key) {
      const called = [];
      const tools = { get_weather: weather(called) };
      const reply = await generateText({ ...quiet(base, key), prompt: QUESTION, tools, stopWhen: stepCountIs(3) });
      expectCall("get_weather", called[0]);
      expectFound(reply.text);
    },
    async "streamed tools"(base, key) {
      const called = [];
      const tools = { get_weather: weather(called) };
      const asked = { prompt: QUESTION, tools, stopWhen: stepCountIs(3), onError: () => {} };
      const coming = streamText({ ...quiet(base, key), ...asked });
      expectFound(await coming.text);
      expectCall("get_weather", called[0]);
    },
    async "JSON schema"(base, key) {
      const output = Output.object({ schema: jsonSchema(PLACE) });
      expectPlace((await generateText({ ...quiet(base, key), prompt: CITY, output })).output);
    },
    async images(base, key) {
      const content = [{ type: "text", text: PICTURE }, { type: "image", image: PNG, mediaType: "image/png" }];
      expectText((await generateText({ ...quiet(base, key), messages: [{ role: "user", content }] })).text);
    },
    async reasoning(base, key) {
      const asked = { prompt: PROBLEM, providerOptions: thinking, maxOutputTokens: 4000 };
      expectText((await generateText({ ...quiet(base, key), ...asked })).text);
    },
  };
}

export const ai_openai = features(
  (base, key) => createOpenAI({ apiKey: key, baseURL: `${base}/v1` }).chat("auto"),
  { openai: { reasoningEffort: "high", forceReasoning: true } },
);
export const ai_anthropic = features(
  (base, key) => createAnthropic({ apiKey: key, baseURL: `${base}/v1` })("auto"),
  { anthropic: { thinking: { type: "enabled", budgetTokens: 2000 } } },
);
export const ai_google = features(
  (base, key) => createGoogleGenerativeAI({ apiKey: key, baseURL: `${base}/v1beta` })("auto"),
  { google: { thinkingConfig: { thinkingBudget: 2000 } } },
);
