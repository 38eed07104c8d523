import type { ReactNode } from "react";

interface MenuProps {
  /** What opens it. */
  readonly summary: ReactNode;
  /** Its name, where the summary is a sign. */
  readonly label?: string;
  readonly className?: string;
  /** Classes of the summary, and of what it opens. */
  readonly opener?: string;
  readonly inside?: string;
  /** It leads to pages. */
  readonly isNav?: boolean;
  /** One of them is shown. */
  readonly isHere?: boolean;
  onOpen?(): void;
  readonly children: ReactNode;
}

/** What opens below a button. It closes by Escape, when focus goes elsewhere, and when a link or `data-closes` of it is pressed. */
export function Menu({
  summary,
  label,
  className = "",
  opener,
  inside = "",
  isNav = false,
  isHere,
  onOpen,
  children,
}: MenuProps) {
  const Inside = isNav ? "nav" : "div";
  return (
    <details
      className={`menu ${className}`}
      data-here={isHere || undefined}
      onToggle={({ currentTarget }) => currentTarget.open && onOpen?.()}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (relatedTarget !== null && !currentTarget.contains(relatedTarget)) currentTarget.open = false;
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key === "Escape") currentTarget.open = false;
      }}
      onClick={({ currentTarget, target }) => {
        if ((target as Element).closest("a, [data-closes]")) currentTarget.open = false;
      }}
    >
      <summary className={opener} aria-label={label} title={label}>
        {summary}
      </summary>
      {/* a press on words of it, to choose by them or to copy them, stays inside */}
      <Inside className={`floating ${inside}`} aria-label={isNav ? label : undefined} tabIndex={-1}>
        {children}
      </Inside>
    </details>
  );
}
