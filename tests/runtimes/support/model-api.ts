// A local stand-in for the APIs that the real claude and codex call: Anthropic's Messages and OpenAI's Responses, both as event streams.

/** An answer of the model. A `held` text goes on until `release` is called: the agent is busy that long. */
export type Reply =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "held"; readonly text: string }
  | { readonly kind: "shell"; readonly command: string }
  /** A call of one of the agent's other tools. */
  | { readonly kind: "tool"; readonly name: string; readonly input: object };

/** One request for a reply. */
interface Turn {
  /** The words of the user that the model was shown, the oldest first, without those that the agent adds by itself. */
  readonly said: readonly string[];
  /** True when the request is the agent's own work: it has the agent's tools. Requests for a title and the like have none. */
  readonly isAgent: boolean;
  /** True when the last item is what a tool returned. */
  readonly isToolResult: boolean;
}

export interface ModelApi extends AsyncDisposable {
  readonly url: string;
  /** The requests of the agent's own work so far. Its summaries of itself and the like are left out. */
  readonly requests: number;
  /** The words of the user that the agent's newest request shows the model, the oldest first. */
  readonly said: readonly string[];
  /** Ends the replies that are held. */
  readonly release: () => void;
}

/** Starts the API. `choose` says what the model answers to a turn of the agent. */
export function openModelApi(choose: (said: string) => Reply): ModelApi {
  let requests = 0;
  let said: readonly string[] = [];
  let held = Promise.withResolvers<void>();
  const answer = (turn: Turn, say: (reply: Reply) => AsyncIterable<Event>): Response => {
    if (turn.isAgent) {
      requests += 1;
      said = turn.said;
    }
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
    get requests() {
      return requests;
    },
    get said() {
      return said;
    },
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

/** The pause between the pieces of a held text. */
const PIECE_MS = 300;

/** The pieces of a text. Those of a held one come until it is released. */
async function* piecesOf(reply: Extract<Reply, { text: string }>, released: Promise<void>): AsyncGenerator<string> {
  yield reply.text;
  if (reply.kind === "text") return;
  const isReleased = released.then(() => true);
  for (let step = 1; !(await Promise.race([isReleased, Bun.sleep(PIECE_MS)])); step += 1) yield ` Step ${step}.`;
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
  return { said, isAgent, isToolResult: blocks.findLast(({ text = "" }) => !OWN_TEXT.test(text))?.type === "tool_result" };
}

async function* sayMessages({ model }: MessagesBody, reply: Reply, released: Promise<void>): AsyncGenerator<Event> {
  const usage = { input_tokens: 10, output_tokens: 10, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const id = `msg_${crypto.randomUUID()}`;
  const empty = { role: "assistant", content: [], stop_reason: null, stop_sequence: null };
  yield { type: "message_start", message: { id, type: "message", model, ...empty, usage } };
  const isCall = !("text" in reply);
  if (isCall) {
    const { name, input } =
      reply.kind === "tool" ? reply : { name: "Bash", input: { command: reply.command, description: "Runs it" } };
    const block = { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name, input: {} };
    yield { type: "content_block_start", index: 0, content_block: block };
    const delta = { type: "input_json_delta", partial_json: JSON.stringify(input) };
    yield { type: "content_block_delta", index: 0, delta };
  } else {
    yield { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
    for await (const text of piecesOf(reply, released))
      yield { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  }
  yield { type: "content_block_stop", index: 0 };
  const end = { stop_reason: isCall ? "tool_use" : "end_turn", stop_sequence: null };
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
  return { said, isAgent: (body.tools ?? []).length > 0, isToolResult: body.input.at(-1)?.type.endsWith("_output") ?? false };
}

async function* sayResponses(body: ResponsesBody, reply: Reply, released: Promise<void>): AsyncGenerator<Event> {
  const id = `resp_${crypto.randomUUID()}`;
  yield { type: "response.created", response: { id, status: "in_progress", output: [] } };
  if (!("text" in reply)) {
    const { name, input } = reply.kind === "tool" ? reply : shellCall(body, reply.command);
    const call = { type: "function_call", id: `fc_${crypto.randomUUID()}`, call_id: `call_${crypto.randomUUID()}` };
    yield { type: "response.output_item.done", output_index: 0, item: { ...call, name, arguments: JSON.stringify(input) } };
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

/** The call of the shell tool that this codex offers. A command that its sandbox forbids must be asked for. */
function shellCall({ tools = [] }: ResponsesBody, command: string): { readonly name: string; readonly input: object } {
  const wish = { justification: "Is this all right?", sandbox_permissions: "require_escalated" };
  const isExec = tools.some(({ name }) => name === "exec_command");
  return isExec
    ? { name: "exec_command", input: { cmd: command, ...wish } }
    : { name: "shell_command", input: { command, ...wish } };
}
