import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import { base } from "./api.js";

/** An address relative to the base, `/runs/12`, as an absolute one of this site, whatever it says. */
const hrefOf = (to: string): string => new URL(`./${to.replace(/^[/\\]+/, "")}`, base).href;

/** Goes to an address that came as text, and is not taken as a pattern. */
export function useGo() {
  const router = useRouter();
  return (to: string, { replace = false } = {}) => {
    const { pathname, search, hash } = new URL(hrefOf(to));
    router.history[replace ? "replace" : "push"](`${pathname}${search}${hash}`);
  };
}

/** A link to an address that came as text: from an answer, or with a key in it. @param props `isFresh`: the page is loaded anew */
export function AppLink(props: { to: string; children: ReactNode; className?: string; label?: string; isFresh?: boolean }) {
  const { to, children, className, label, isFresh = false } = props;
  const go = useGo();
  const onClick = (event: MouseEvent) => {
    if (isFresh || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={hrefOf(to)} className={className} aria-label={label} title={label} onClick={onClick}>
      {children}
    </a>
  );
}

/** Address of a page about a key of a place: each part percent-encoded. */
export const addressOfKey = (page: string, place: string, key: string): string =>
  `${page}/${place}/${key.split("/").map(encodeURIComponent).join("/")}`;
