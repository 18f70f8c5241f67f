// A local stand-in for the APIs that the real claude and codex call: Anthropic's Messages and OpenAI's Responses, both as event streams.

/** What the model answers. A `held` text goes on word by word until `release` is called: the agent is busy that long. */
export type Reply =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "held"; readonly text: string }
  | { readonly kind: "shell"; readonly command: string };

/** One request for a reply, with the words of the user that the model was shown, the oldest first. */
export interface Turn {
  readonly said: readonly string[];
  /** True when the request is the agent's own work: it has the agent's tools. Requests for a title and the like have none. */
  readonly isAgent: boolean;
  /** True when the last item is what a tool returned. */
  readonly isToolResult: boolean;
  readonly body: unknown;
}

export interface ModelApi extends AsyncDisposable {
  readonly url: string;
  /** Every request for a reply, in the order in which they came. */
  readonly turns: readonly Turn[];
  /** Ends the replies that are held. */
  readonly release: () => void;
}

/** Starts the API. `choose` says what the model answers to a turn of the agent. */
export function openModelApi(choose: (said: string) => Reply): ModelApi {
  const turns: Turn[] = [];
  let held = Promise.withResolvers<void>();
  const answer = (turn: Turn, say: (reply: Reply) => AsyncIterable<Event>): Response => {
    turns.push(turn);
    const isQuestion = turn.isAgent && !turn.isToolResult;
    return stream(say(isQuestion ? choose(turn.said.at(-1) ?? "") : { kind: "text", text: "Done." }));
  };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    routes: {
      "/v1/messages": {
        POST: async (request) => {
          const body = (await request.json()) as MessagesBody;
          return answer(readMessages(body), (reply) => sayMessages(body, reply, held.promise));
        },
      },
      "/v1/messages/count_tokens": { POST: () => Response.json({ input_tokens: 10 }) },
      "/v1/responses": {
        POST: async (request) => {
          const body = (await request.json()) as ResponsesBody;
          return answer(readResponses(body), (reply) => sayResponses(body, reply, held.promise));
        },
      },
    },
    fetch: () => Response.json({ type: "error", error: { type: "not_found_error", message: "not here" } }, { status: 404 }),
  });
  return {
    url: server.url.origin,
    turns,
    release: () => {
      held.resolve();
      held = Promise.withResolvers<void>();
    },
    [Symbol.asyncDispose]: async () => {
      held.resolve();
      await server.stop(true);
    },
  };
}

type Event = { readonly type: string } & Record<string, unknown>;

function stream(events: AsyncIterable<Event>): Response {
  const body = async function* () {
    for await (const event of events) yield `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  };
  return new Response(body(), { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}

/** The pieces of a text. Those of a held one come until it is released. */
async function* piecesOf(reply: Exclude<Reply, { kind: "shell" }>, released: Promise<void>): AsyncGenerator<string> {
  if (reply.kind === "text") return yield reply.text;
  let isReleased = false;
  void released.then(() => (isReleased = true));
  for (let step = 1; !isReleased; step += 1) {
    yield `${reply.text} ${step}. `;
    await Promise.race([released, Bun.sleep(300)]);
  }
}

interface Tool {
  readonly name?: string;
}

/** Text that the agents put into a user's turn by themselves. */
const OWN_TEXT = /^<(?:system-reminder|environment_context|user_instructions|permissions|local-command)|^# AGENTS\.md/;

// Anthropic's Messages

interface Block {
  readonly type: string;
  readonly text?: string;
}

interface MessagesBody {
  readonly model: string;
  readonly tools?: readonly Tool[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
}

function readMessages(body: MessagesBody): Turn {
  const blocks = body.messages
    .filter(({ role }) => role === "user")
    .flatMap(({ content }) => (typeof content === "string" ? [{ type: "text", text: content }] : content));
  const said = blocks.flatMap(({ type, text = "" }) => (type === "text" && !OWN_TEXT.test(text) ? [text] : []));
  const isAgent = (body.tools ?? []).some(({ name }) => name === "Bash");
  return { said, isAgent, isToolResult: blocks.findLast(({ text = "" }) => !OWN_TEXT.test(text))?.type === "tool_result", body };
}

async function* sayMessages({ model }: MessagesBody, reply: Reply, released: Promise<void>): AsyncGenerator<Event> {
  const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const id = `msg_${crypto.randomUUID()}`;
  const empty = { role: "assistant", content: [], stop_reason: null, stop_sequence: null };
  yield { type: "message_start", message: { id, type: "message", model, ...empty, usage } };
  if (reply.kind === "shell") {
    const block = { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name: "Bash", input: {} };
    yield { type: "content_block_start", index: 0, content_block: block };
    const json = JSON.stringify({ command: reply.command, description: "Runs a command" });
    yield { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: json } };
  } else {
    yield { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
    for await (const text of piecesOf(reply, released))
      yield { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  }
  yield { type: "content_block_stop", index: 0 };
  const end = { stop_reason: reply.kind === "shell" ? "tool_use" : "end_turn", stop_sequence: null };
  yield { type: "message_delta", delta: end, usage };
  yield { type: "message_stop" };
}

// OpenAI's Responses

interface ResponsesBody {
  readonly tools?: readonly Tool[];
  readonly input: readonly { readonly type: string; readonly role?: string; readonly content?: readonly Block[] }[];
}

function readResponses(body: ResponsesBody): Turn {
  const said = body.input
    .filter(({ role }) => role === "user")
    .flatMap(({ content = [] }) => content.map(({ text = "" }) => text))
    .filter((text) => !OWN_TEXT.test(text));
  return { said, isAgent: (body.tools ?? []).length > 0, isToolResult: /_output$/.test(body.input.at(-1)?.type ?? ""), body };
}

async function* sayResponses(body: ResponsesBody, reply: Reply, released: Promise<void>): AsyncGenerator<Event> {
  const id = `resp_${crypto.randomUUID()}`;
  yield { type: "response.created", response: { id, status: "in_progress", output: [] } };
  if (reply.kind === "shell") {
    const call = { type: "function_call", id: `fc_${crypto.randomUUID()}`, call_id: `call_${crypto.randomUUID()}` };
    yield { type: "response.output_item.done", output_index: 0, item: { ...call, ...shellCall(body, reply.command) } };
  } else {
    const item = { type: "message", id: `msg_${crypto.randomUUID()}`, role: "assistant" };
    yield { type: "response.output_item.added", output_index: 0, item: { ...item, content: [] } };
    let text = "";
    for await (const delta of piecesOf(reply, released)) {
      text += delta;
      yield { type: "response.output_text.delta", item_id: item.id, output_index: 0, content_index: 0, delta };
    }
    yield { type: "response.output_item.done", output_index: 0, item: { ...item, content: [{ type: "output_text", text }] } };
  }
  const usage = { input_tokens: 10, output_tokens: 10, total_tokens: 20 };
  yield { type: "response.completed", response: { id, status: "completed", output: [], usage } };
}

/** The call of the shell tool that this codex offers. */
function shellCall({ tools = [] }: ResponsesBody, command: string): { name: string; arguments: string } {
  const has = (name: string) => tools.some((tool) => tool.name === name);
  // A command that codex may not run in its sandbox must be asked for.
  const wish = { justification: "Is this all right?", sandbox_permissions: "require_escalated" };
  if (has("exec_command")) return { name: "exec_command", arguments: JSON.stringify({ cmd: command, ...wish }) };
  return { name: "shell_command", arguments: JSON.stringify({ command, ...wish }) };
}
