import OpenAI from "openai";
import {
  CITY, FOUND, HELLO, PICTURE, PLACE, PNG, PROBLEM, QUESTION, WEATHER,
  collected, expectCall, expectFound, expectPieces, expectPlace, expectText, expectUsed,
} from "./asking.mjs";

const client = (base, key) => new OpenAI({ apiKey: key, baseURL: `${base}/v1`, maxRetries: 0 });
const user = (content) => ({ role: "user", content });
const TOOL = {
  type: "function",
  function: { name: "get_weather", description: "Current weather in a city", parameters: WEATHER },
};
const OWN_TOOL = { type: "function", ...TOOL.function, strict: true };

const chat = (base, key, more) => client(base, key).chat.completions.create({ model: "auto", ...more });

export const openai_chat = {
  async text(base, key) {
    const reply = await chat(base, key, { messages: [user(HELLO)] });
    expectText(reply.choices[0].message.content);
    expectUsed(reply.usage.prompt_tokens, reply.usage.completion_tokens);
  },
  async stream(base, key) {
    const coming = await chat(base, key, { messages: [user(HELLO)], stream: true });
    expectPieces(await collected(coming, (chunk) => chunk.choices[0]?.delta.content));
  },
  async tools(base, key) {
    const asked = user(QUESTION);
    const { message } = (await chat(base, key, { messages: [asked], tools: [TOOL] })).choices[0];
    const [call] = message.tool_calls;
    expectCall(call.function.name, call.function.arguments);
    const result = { role: "tool", tool_call_id: call.id, content: FOUND };
    const reply = await chat(base, key, { messages: [asked, message, result], tools: [TOOL] });
    expectFound(reply.choices[0].message.content);
  },
  async "streamed tools"(base, key) {
    const runner = client(base, key).chat.completions.stream({ model: "auto", messages: [user(QUESTION)], tools: [TOOL] });
    const [call] = (await runner.finalMessage()).tool_calls;
    expectCall(call.function.name, call.function.arguments);
  },
  async "JSON schema"(base, key) {
    const format = { type: "json_schema", json_schema: { name: "place", schema: PLACE, strict: true } };
    const reply = await chat(base, key, { messages: [user(CITY)], response_format: format });
    expectPlace(reply.choices[0].message.content);
  },
  async images(base, key) {
    const shown = [
      { type: "text", text: PICTURE },
      { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
    ];
    expectText((await chat(base, key, { messages: [user(shown)] })).choices[0].message.content);
  },
  async reasoning(base, key) {
    const asked = { messages: [user(PROBLEM)], reasoning_effort: "high", max_completion_tokens: 8000 };
    expectText((await chat(base, key, asked)).choices[0].message.content);
  },
};

const respond = (base, key, more) => client(base, key).responses.create({ model: "auto", store: false, ...more });

export const openai_responses = {
  async text(base, key) {
    const reply = await respond(base, key, { input: HELLO });
    expectText(reply.output_text);
    expectUsed(reply.usage.input_tokens, reply.usage.output_tokens);
  },
  async stream(base, key) {
    const coming = await respond(base, key, { input: HELLO, stream: true });
    const events = await collected(coming, (event) => event);
    expectPieces(events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")));
    expectText(events.at(-1).response.output.at(-1).content[0].text);
  },
  async tools(base, key) {
    const first = await respond(base, key, { input: QUESTION, tools: [OWN_TOOL] });
    const call = first.output.find((item) => item.type === "function_call");
    expectCall(call.name, call.arguments);
    const result = { type: "function_call_output", call_id: call.call_id, output: FOUND };
    const reply = await respond(base, key, { input: [user(QUESTION), ...first.output, result], tools: [OWN_TOOL] });
    expectFound(reply.output_text);
  },
  async "streamed tools"(base, key) {
    const runner = client(base, key).responses.stream({ model: "auto", store: false, input: QUESTION, tools: [OWN_TOOL] });
    const call = (await runner.finalResponse()).output.find((item) => item.type === "function_call");
    expectCall(call.name, call.arguments);
  },
  async "JSON schema"(base, key) {
    const format = { type: "json_schema", name: "place", schema: PLACE, strict: true };
    expectPlace((await respond(base, key, { input: CITY, text: { format } })).output_text);
  },
  async images(base, key) {
    const shown = [
      { type: "input_text", text: PICTURE },
      { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
    ];
    expectText((await respond(base, key, { input: [user(shown)] })).output_text);
  },
  async reasoning(base, key) {
    const asked = { input: PROBLEM, reasoning: { effort: "high" }, max_output_tokens: 8000 };
    expectText((await respond(base, key, asked)).output_text);
  },
};
