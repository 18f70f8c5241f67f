import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cardPath, type Layout, resolveLinks } from "./layout.ts";

/** The folders that iapeer keeps in its root beside the peers' folders. */
const OWN_FOLDERS = ["logs", "run", "runtimes", "socks", "state"];
const PEERS = "peers";

/** Says why a folder can never be a peer's, in the words behind "it is"; undefined for one that can. Links are followed. */
export type FolderCheck = (folder: string) => string | undefined;

/** Opens the check of folders for one root. The places of the root are looked at once, when the first question needs them. */
export function openFolderCheck(layout: Pick<Layout, "root" | "home" | "socketFolder">): FolderCheck {
  let places: Places | undefined;
  return (folder) => {
    places ??= { root: resolved(layout.root), home: resolved(layout.home), sockets: resolved(layout.socketFolder) };
    return whyNoPeerFolder(resolved(folder), places);
  };
}

interface Places {
  readonly root: string;
  readonly home: string;
  readonly sockets: string;
}

function whyNoPeerFolder(asked: string, { root, home, sockets }: Places): string | undefined {
  if (asked === "/") return "the root of the file system";
  if (asked === home) return "your home";
  if (asked === root) return "the root of iapeer";
  if (isWithin(asked, sockets)) return "iapeer's folder of sockets";
  if (asked === join(root, PEERS)) return "the folder of all peers' folders";
  const own = OWN_FOLDERS.find((name) => isWithin(asked, join(root, name)));
  if (own !== undefined) return `a folder of iapeer's own, ${join(root, own)}`;
  const owner = findStateFolder(asked);
  return owner === undefined ? undefined : `the state folder of the peer in ${owner}`;
}

/** The folder of a peer whose `.iapeer` holds a path. */
function findStateFolder(path: string): string | undefined {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    if (basename(at) === ".iapeer" && existsSync(cardPath(dirname(at)))) return dirname(at);
  }
  return undefined;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Where a path leads. One that cannot be resolved is compared by its name: nothing can be made there anyway. */
function resolved(path: string): string {
  try {
    return resolveLinks(path);
  } catch {
    return path;
  }
}
