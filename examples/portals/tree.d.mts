import type { SiteReply } from "./server.mjs";

export interface VirtualFile {
  size: number;
  modifiedMs: number;
  etag: string;
  contentType: string;
  read(offset: number, length: number): Uint8Array;
}

export interface Tree {
  files: ReadonlyMap<string, VirtualFile>;
  file(path: string): VirtualFile | undefined;
  /** Names directly below a folder (`""` or ending with `/`), folders with a `/`; undefined where there is no such folder. */
  children(folder: string): string[] | undefined;
}

export const MODIFIED_MS: number;
export function fileOf(content: string | Uint8Array, contentType?: string): VirtualFile;
export function madeFile(size: number, make: () => Uint8Array): VirtualFile;
export function patternFile(size: number, name: string, contentType?: string): VirtualFile;
export function sparseFile(size: number, pieces: readonly { offset: number; bytes: Uint8Array }[], name: string): VirtualFile;
export function makeTree(entries: Iterable<readonly [path: string, file: VirtualFile]>): Tree;
export function folderPage(tree: Tree, folder: string, manner: "apache" | "nginx"): string | undefined;
/** What a web server with a tree answers to a percent-decoded path without its leading `/`. */
export function treeReply(tree: Tree, path: string, manner?: "apache" | "nginx"): SiteReply;
export function escapeHtml(text: string): string;
