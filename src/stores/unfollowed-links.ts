import { counted } from "../core/units.js";
import type { UnfollowedLink } from "./store.js";

const NAMED_MAX = 3;

/** The symbolic links that a walk did not follow, and the pipes, sockets and devices that it met, to be told in one sentence at its end. */
export class UnfollowedLinks {
  readonly #links = new Map<string, UnfollowedLink>();

  /** For `list` and `children`. */
  readonly add = (link: UnfollowedLink): void => {
    this.#links.set(link.key, link);
  };

  get all(): UnfollowedLink[] {
    return [...this.#links.values()];
  }

  /** Undefined where there are none. @param where the folder that was walked */
  told(where: string): string | undefined {
    const { all } = this;
    const links = all.filter(({ leads }) => leads !== "special").sort((a, b) => weight(b) - weight(a));
    const special = all.filter(({ leads }) => leads === "special");
    const parts = [
      ...(links.length > 0
        ? [`${counted(links.length, "link is", "links are")} not followed in ${where}: ${few(links.map(sentence))}`]
        : []),
      ...(special.length > 0
        ? [
            `${counted(special.length, "pipe, socket or device is", "pipes, sockets or devices are")} left out in ${where}: ${few(special.map(({ key }) => key))}`,
          ]
        : []),
    ];
    return parts.length > 0 ? parts.join("; ") : undefined;
  }
}

function few(texts: readonly string[]): string {
  const more = texts.length - NAMED_MAX;
  return `${texts.slice(0, NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A folder of elsewhere hides the most. */
const weight = ({ leads, to }: UnfollowedLink): number => (leads !== "outside" ? 0 : to?.endsWith("/") ? 2 : 1);

function sentence({ key, leads, to }: UnfollowedLink): string {
  if (leads === "outside") return `${key} leaves it for ${to}`;
  return leads === "above" ? `${key} leads to a folder above itself` : `${key} leads nowhere`;
}
