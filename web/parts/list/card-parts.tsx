import { Link } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import { CardTitle } from "./card-title.js";

interface CardPhotoProps {
  /** Of a picture on this server. */
  readonly address: string | undefined;
  /** Nothing is known of the card yet. */
  readonly waits?: boolean;
  /** In CSS pixels. Default: that of the style sheet. */
  readonly height?: number;
  readonly loading?: "lazy";
  /** What lies over the picture. */
  readonly children?: ReactNode;
}

/** The picture of a card, or the place of one. */
export function CardPhoto({ address, waits = false, height, loading, children }: CardPhotoProps) {
  return (
    <span className="stage" style={height === undefined ? undefined : { height }}>
      {address ? (
        <img src={address} alt="" loading={loading} decoding="async" />
      ) : (
        !waits && <span className="none">no key photo</span>
      )}
      {children}
    </span>
  );
}

interface CardWordsProps {
  readonly name: string;
  /** What most titles in sight begin with. */
  readonly start: string;
  readonly link: Pick<ComponentProps<typeof Link>, "to" | "tabIndex" | "style" | "onClick">;
  readonly lines?: readonly string[] | undefined;
  readonly facts: ReactNode;
  /** Text of the facts on hover. */
  readonly details?: string | undefined;
}

/** What stands under the picture of a card: its title, which leads to it, lines, facts. */
export function CardWords({ name, start, link, lines, facts, details }: CardWordsProps) {
  return (
    <>
      <Link {...link} className="card-name" title={name}>
        <CardTitle name={name} start={start} />
      </Link>
      {lines?.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a card are the same ones always
        <span key={at} className="card-line" title={line}>
          {line}
        </span>
      ))}
      <span className="card-facts" title={details}>
        {facts}
      </span>
    </>
  );
}
