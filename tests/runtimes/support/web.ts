// Stands in for the rest of the network: a proxy that takes every connection, answers each request with `{}`, and keeps a list of them.
import { join } from "node:path";

export interface Web extends AsyncDisposable {
  /** The variables that have a program use it. */
  readonly env: Readonly<Record<string, string>>;
  /** `GET https://example.org/path`, in the order in which they came. */
  readonly asked: readonly string[];
}

/** A certificate for any name, made by openssl(1): the proxy stands in for hosts that speak TLS. */
async function makeCertificate(folder: string): Promise<{ readonly key: string; readonly cert: string }> {
  const key = join(folder, "web-key.pem");
  const cert = join(folder, "web-cert.pem");
  const names = ["anthropic.com", "claude.com", "claude.ai", "openai.com", "chatgpt.com", "github.com", "npmjs.org"];
  const san = names.flatMap((name) => [`DNS:${name}`, `DNS:*.${name}`]).join(",");
  const how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=web"];
  const argv = ["openssl", "req", "-x509", ...how, "-addext", `subjectAltName=${san}`, "-keyout", key, "-out", cert];
  const child = Bun.spawn(argv, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if ((await child.exited) !== 0) throw new Error(`openssl: ${await child.stderr.text()}`);
  return { key, cert };
}

/** True where the rest of the network can be stood in for. Without that, nothing answers. */
export const CAN_ANSWER = Bun.which("openssl") !== null;

/** A port that nothing listens on. */
const NOBODY = "http://127.0.0.1:9";

interface Tunnel {
  up?: Bun.Socket | undefined;
}

/** Starts the proxy. */
export async function openWeb(folder: string): Promise<Web> {
  if (!CAN_ANSWER) return { env: proxiedBy(NOBODY), asked: [], [Symbol.asyncDispose]: async () => {} };
  const { key, cert } = await makeCertificate(folder);
  const asked: string[] = [];
  const site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: Bun.file(key), cert: Bun.file(cert) },
    fetch: ({ method, url }) => {
      asked.push(`${method} ${url}`);
      return Response.json({});
    },
  });
  const proxy = Bun.listen<Tunnel>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void (socket.data = {}),
      data: async (socket, bytes) => {
        if (socket.data.up !== undefined) return void socket.data.up.write(bytes);
        if (!bytes.toString("latin1").startsWith("CONNECT ")) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
        socket.data.up = await Bun.connect({
          hostname: "127.0.0.1",
          port: site.port!,
          socket: { data: (_, answered) => void socket.write(answered), close: () => void socket.end() },
        });
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
      },
      close: (socket) => void socket.data.up?.end(),
    },
  });
  const url = `http://127.0.0.1:${proxy.port}`;
  return {
    env: { ...proxiedBy(url), NODE_EXTRA_CA_CERTS: cert, SSL_CERT_FILE: cert },
    asked,
    [Symbol.asyncDispose]: async () => {
      proxy.stop(true);
      await site.stop(true);
    },
  };
}

function proxiedBy(url: string): Readonly<Record<string, string>> {
  return { HTTPS_PROXY: url, HTTP_PROXY: url, NO_PROXY: "127.0.0.1" };
}
