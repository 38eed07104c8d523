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
  const opened = tabs.find(({ name }) => name === first) ?? tabs[0];
  return (
    <Tabs.Root defaultValue={opened?.name ?? ""} {...(choose && { onValueChange: choose })}>
      <Tabs.List aria-label={label}>
        {tabs.map(({ name }) => (
          <Tabs.Trigger key={name} value={name}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {tabs.map(({ name, content }) => (
        <Tabs.Content key={name} value={name}>
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
