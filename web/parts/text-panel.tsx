import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { answered } from "./api.js";
import { textOfBytes } from "./file-text.js";
import { bytes } from "./format.js";
import { Answer, ErrorPanel } from "./states.js";

/** Bytes of one part of a file: a table of tilts is one, a log is many. */
const PART_BYTES = 65_536;

interface FilePart {
  readonly bytes: Uint8Array;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly etag: string | null;
}

async function readPart(url: string, from: number, signal: AbortSignal): Promise<FilePart> {
  const headers = { range: `bytes=${from}-${from + PART_BYTES - 1}` };
  const reply = await answered(new URL(url), { headers, signal }).catch((error: unknown) => {
    // no range of an empty file can be had
    if (from === 0 && (error as { status?: number }).status === 416) return new Response(null);
    throw error;
  });
  const part = new Uint8Array(await reply.arrayBuffer());
  const [, size] = /\/(\d+)$/.exec(reply.headers.get("content-range") ?? "") ?? [];
  return { bytes: part, size: size === undefined ? part.length : Number(size), etag: reply.headers.get("etag") };
}

/** A file of text from its start on, as far as somebody wants to read. */
export default function TextPanel({ url, name }: { url: string; name: string }) {
  const asked = useInfiniteQuery({
    queryKey: ["text", url],
    queryFn: ({ pageParam, signal }) => readPart(url, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: ({ size }, _, last) => (last + PART_BYTES < size ? last + PART_BYTES : undefined),
    staleTime: 0,
  });
  return (
    <Answer asked={asked}>
      {({ pages }) => {
        const { size, etag } = pages[0]!;
        if (pages.some((page) => page.etag !== etag || page.size !== size))
          return (
            <p className="warn" role="alert">
              ⚠ {name} has changed while it was read.{" "}
              <button type="button" onClick={() => void asked.refetch()}>
                Read it again
              </button>
            </p>
          );
        const read = joined(pages);
        const found = textOfBytes(read, read.length === size);
        if (found === undefined) return <p>This is no text: download it to open it with its own program.</p>;
        if (size === 0) return <p>This file is empty.</p>;
        return (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
            <pre className="text reader" tabIndex={0}>
              {found.text}
            </pre>
            <p className="row wrap">
              <span role="status">
                {read.length === size ? `All ${bytes(size)}.` : `The first ${bytes(read.length)} of ${bytes(size)}.`}
                {found.encoding && ` Read as ${found.encoding}: it is not UTF-8.`}
              </span>
              {asked.hasNextPage && (
                <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                  Show {bytes(Math.min(PART_BYTES, size - read.length))} more
                </button>
              )}
              {asked.isFetchNextPageError && <ErrorPanel error={asked.error} />}
              <a className="button" href={url} download>
                <Download size={16} aria-hidden /> Download {bytes(size)}
              </a>
            </p>
          </>
        );
      }}
    </Answer>
  );
}

function joined(pages: readonly FilePart[]): Uint8Array {
  const all = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, 0));
  let at = 0;
  for (const page of pages) {
    all.set(page.bytes, at);
    at += page.bytes.length;
  }
  return all;
}
