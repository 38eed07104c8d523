import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";

const SHOWN_MS = 2_000;

/** Copies a text. Where the browser forbids that (no https and no loopback), the text is selected for Ctrl C. */
export function CopyButton({
  text,
  label = "Copy",
  title = label,
  bare = false,
  icon = false,
}: {
  /** Or what gives it when it is asked for. */
  text: string | (() => Promise<string>);
  label?: string;
  title?: string;
  bare?: boolean;
  icon?: boolean;
}) {
  const [says, setSays] = useState("");
  const timer = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    setSays((await copyText(typeof text === "string" ? text : await text())) ? "Copied" : "Not copied: the browser forbids it");
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setSays(""), SHOWN_MS);
  };
  return (
    <button type="button" className={bare ? "bare" : undefined} onClick={copy} title={title} aria-label={label}>
      {says === "Copied" ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
      {!icon && <span>{says || label}</span>}
      <span className="hidden" role="status">
        {says}
      </span>
    </button>
  );
}

/** @returns whether the browser allowed it */
export async function copyText(text: string): Promise<boolean> {
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  return done || copiedBySelection(text);
}

function copiedBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
