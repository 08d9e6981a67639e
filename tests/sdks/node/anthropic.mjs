import Anthropic from "@anthropic-ai/sdk";
import {
  CITY, FOUND, HELLO, PICTURE, PLACE, PNG, PROBLEM, QUESTION, WEATHER,
  expectCall, expectFound, expectPieces, expectPlace, expectText, expectUsed,
} from "./asking.mjs";

const client = (base, key) => new Anthropic({ apiKey: key, baseURL: base, maxRetries: 0 });
const user = (content) => ({ role: "user", content });
const TOOL = { name: "get_weather", description: "Current weather in a city", input_schema: WEATHER };
const ask = (base, key, more) => client(base, key).messages.create({ model: "auto", max_tokens: 500, ...more });
const textOf = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
const callOf = (message) => message.content.find((block) => block.type === "tool_use");

export const anthropic = {
  async text(base, key) {
    const reply = await ask(base, key, { messages: [user(HELLO)] });
    expectText(textOf(reply));
    expectUsed(reply.usage.input_tokens, reply.usage.output_tokens);
  },
  async stream(base, key) {
    const pieces = [];
    const coming = client(base, key).messages.stream({ model: "auto", max_tokens: 500, messages: [user(HELLO)] });
    coming.on("text", (piece) => pieces.push(piece));
    const whole = await coming.finalMessage();
    expectPieces(pieces);
    expectUsed(whole.usage.input_tokens, whole.usage.output_tokens);
  },
  async tools(base, key) {
    const first = await ask(base, key, { messages: [user(QUESTION)], tools: [TOOL] });
    const call = callOf(first);
    expectCall(call.name, call.input);
    const result = user([{ type: "tool_result", tool_use_id: call.id, content: FOUND }]);
    const said = { role: "assistant", content: first.content };
    expectFound(textOf(await ask(base, key, { messages: [user(QUESTION), said, result], tools: [TOOL] })));
  },
  async "streamed tools"(base, key) {
    const asked = { model: "auto", max_tokens: 500, messages: [user(QUESTION)], tools: [TOOL] };
    const call = callOf(await client(base, key).messages.stream(asked).finalMessage());
    expectCall(call.name, call.input);
  },
  async "JSON schema"(base, key) {
    const format = { type: "json_schema", schema: PLACE };
    expectPlace(textOf(await ask(base, key, { messages: [user(CITY)], output_config: { format } })));
  },
  async images(base, key) {
    const source = { type: "base64", media_type: "image/png", data: PNG };
    const shown = [{ type: "image", source }, { type: "text", text: PICTURE }];
    expectText(textOf(await ask(base, key, { messages: [user(shown)] })));
  },
  async reasoning(base, key) {
    const thinking = { type: "enabled", budget_tokens: 2000 };
    expectText(textOf(await ask(base, key, { messages: [user(PROBLEM)], thinking, max_tokens: 8000 })));
  },
  async counting(base, key) {
    const counted = await client(base, key).messages.countTokens({ model: "auto", messages: [user(HELLO)] });
    expectUsed(counted.input_tokens, 1);
  },
};
