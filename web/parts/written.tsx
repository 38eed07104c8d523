import type { AboutBlock, AboutPart } from "../../src/model/page-api.js";

/** What the house says of itself: paragraphs, lists, links. */
export function Written({ blocks }: { blocks: readonly AboutBlock[] }) {
  return (
    <div className="lead">
      {blocks.map((block, at) =>
        block.kind === "paragraph" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: blocks stay in their order
          <p key={at}>
            <Parts parts={block.parts} />
          </p>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <ul key={at}>
            {block.items.map((item, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <li key={n}>
                <Parts parts={item} />
              </li>
            ))}
          </ul>
        ),
      )}
    </div>
  );
}

function Parts({ parts }: { parts: readonly AboutPart[] }) {
  return parts.map(({ text, href }, at) =>
    href === undefined ? (
      text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts stay in their order
      <a key={at} href={href} rel="noreferrer">
        {text}
      </a>
    ),
  );
}
