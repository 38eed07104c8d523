import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Lineage, StoredNumber, Told } from "../../src/model/page-api.js";
import { ask, base } from "../parts/api.js";
import { CopyButton } from "../parts/copy.js";
import { ABSENT, count } from "../parts/format.js";
import { ErrorPanel, Loading } from "../parts/states.js";
import "./lineage.css";

/** Dialog with the origin of one number: file, bytes, checksum, receipt, line of the configuration, command. */
export default function LineageDialog({ of, close }: { of: string; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { data, error, refetch } = useQuery({
    queryKey: ["lineage", of],
    queryFn: ({ signal }) => ask<Lineage>(`lineage/${of}`, signal),
    staleTime: 0,
    retry: false,
  });
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="lineage-title" className="lineage">
      <div className="spread">
        <h2 id="lineage-title">Where this is from</h2>
        <button type="button" className="bare" onClick={() => dialog.current?.close()} aria-label="Close">
          <X size={16} aria-hidden />
        </button>
      </div>
      {data ? (
        <Found lineage={data} />
      ) : error ? (
        <ErrorPanel error={error} again={() => void refetch()} />
      ) : (
        <Loading what="the server" />
      )}
    </dialog>
  );
}

function Found({ lineage }: { lineage: Lineage }) {
  const { of, value, note, place, stored, checksum, receipt, configuration, command } = lineage;
  return (
    <>
      <p>
        {of[0]!.toUpperCase() + of.slice(1)}
        {value !== "" && (
          <>
            : <strong>{value}</strong>
          </>
        )}
        {note && <span className="muted"> — {note}</span>}
      </p>
      <dl>
        <Row name="File" told={stored}>
          {({ key }) => <FileLinks place={place} file={key} />}
        </Row>
        <Row name="Bytes" told={stored}>
          {bytesOf}
        </Row>
        {"is" in stored && stored.is.dtype !== undefined && (
          <Row name="To read" told={stored}>
            {stepsOf}
          </Row>
        )}
        <Row name="Checksum" told={checksum}>
          {({ algorithm, value: sum, state }) => (
            <>
              <code>
                {algorithm} {sum}
              </code>
              <small className={state === "changed" ? "warn" : undefined}>{STATES[state]}</small>
            </>
          )}
        </Row>
        <Row name="Receipt" told={receipt}>
          {({ journal, byte, task, title, inputs, writtenAt }) => (
            <>
              {title}
              <small>
                {writtenAt && `written ${writtenAt.slice(0, 16).replace("T", " ")} UTC · `}task {task} · {journal}, byte{" "}
                {count(byte)}
              </small>
              {inputs.length > 0 && (
                <small>
                  made from {inputs.slice(0, 3).join(", ")}
                  {inputs.length > 3 && ` and ${inputs.length - 3} more`}
                </small>
              )}
            </>
          )}
        </Row>
        <Row name="Configuration" told={configuration}>
          {(line) => (
            <>
              <code>{line}</code> <CopyButton text={line} label="Copy line" bare icon />
            </>
          )}
        </Row>
        <Row name="Command" told={command}>
          {({ text, folder }) => (
            <>
              <code>$ {text}</code> <CopyButton text={text} label="Copy command" bare icon />
              {folder !== "" && <small>typed in {folder}</small>}
            </>
          )}
        </Row>
      </dl>
    </>
  );
}

const STATES = {
  verified: "verified: the file was read just now, and has it",
  unchanged: "recorded when the file was written; the file has the same size and time, its bytes were not read again",
  changed: "⚠ recorded when the file was written; the file is another one now",
} as const;

function Row<T>({ name, told, children }: { name: string; told: Told<T>; children: (is: T) => ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {"is" in told ? (
          children(told.is)
        ) : (
          <>
            {ABSENT} <small>{told.absent}</small>
          </>
        )}
      </dd>
    </div>
  );
}

/** Links to the folder that the file is in, and to its bytes. */
function FileLinks({ place, file }: { place: string; file: string }) {
  const slash = file.lastIndexOf("/");
  const { href } = new URL(`at/${[place, ...file.split("/")].map(encodeURIComponent).join("/")}`, base);
  return (
    <>
      <a href={href}>
        <code>{file}</code>
      </a>
      <small>
        <Link to="/browse/$place/$" params={{ place, _splat: file.slice(0, Math.max(0, slash)) }}>
          Folder
        </Link>
      </small>
    </>
  );
}

function bytesOf({ offset, length, says }: StoredNumber): ReactNode {
  return (
    <>
      <code>
        {count(offset)} – {count(offset + length - 1)}
      </code>
      <small>
        {count(length)} {length === 1 ? "byte" : "bytes"}
        {says && ` · ${says}`}
      </small>
    </>
  );
}

function stepsOf({ dtype, byteOrder, codecs, headerBytes, decodedByte, bits, minus }: StoredNumber): ReactNode {
  const steps = [
    ...(headerBytes ? [`pass over ${headerBytes} bytes`] : []),
    ...codecs.map((codec) => `undo ${codec}`),
    ...(decodedByte > 0 ? [`go to byte ${count(decodedByte)}`] : []),
    `read ${dtype}${byteOrder ? `, ${byteOrder}-endian` : ""}`,
    ...(bits ? [`of it ${bits.count} bits from bit ${bits.shift}`] : []),
    ...(minus ? [`take ${minus} away`] : []),
  ];
  return steps.join(", ");
}
