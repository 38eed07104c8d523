import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { CopyButton } from "./copy.js";

interface TextTabsProps {
  /** Words for what the tabs are. */
  readonly label: string;
  readonly tabs: readonly { readonly name: string; readonly content: ReactNode }[];
  /** The one that is open at first. Default, also where it is not among them: the first. */
  readonly first?: string | undefined;
  choose?(name: string): void;
}

/** The same for several programs, a tab for each. */
export function TextTabs({ label, tabs, first, choose }: TextTabsProps) {
  const opened = Math.max(
    0,
    tabs.findIndex(({ name }) => name === first),
  );
  // by numbers: ids are made of the values, and a name may have a blank
  return (
    <Tabs.Root defaultValue={String(opened)} {...(choose && { onValueChange: (at) => choose(tabs[Number(at)]!.name) })}>
      <Tabs.List aria-label={label}>
        {tabs.map(({ name }, at) => (
          <Tabs.Trigger key={name} value={String(at)}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {tabs.map(({ name, content }, at) => (
        <Tabs.Content key={name} value={String(at)}>
          {content}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

/** Lines to paste. */
export function PasteLines({ text, label }: { text: string; label?: string }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <pre className="text" tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} {...(label && { label })} />
    </>
  );
}
