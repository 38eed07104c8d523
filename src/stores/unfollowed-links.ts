import { few } from "../core/finding.js";
import { plainText } from "../core/plain-text.js";
import { counted } from "../core/units.js";
import type { UnfollowedLink } from "./store.js";

/** The symbolic links that a walk did not follow, and what it could not take, to be told in one sentence at its end. */
export class UnfollowedLinks {
  readonly #links = new Map<string, UnfollowedLink>();
  readonly #unusable = new Set<string>();

  /** For `list` and `children`. */
  readonly add = (link: UnfollowedLink): void => {
    this.#links.set(link.key, link);
  };

  /** For `onUnusable` of `list` and `children`. */
  readonly unusable = (name: string): void => {
    this.#unusable.add(name);
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
            `${counted(special.length, "pipe, socket or device is", "pipes, sockets or devices are")} left out in ${where}: ${few(special.map(({ key }) => plainText(key)))}`,
          ]
        : []),
      ...(this.#unusable.size > 0
        ? [
            `${counted(this.#unusable.size, "name", "names")} in ${where} cannot be read, not being UTF-8 or plain, and ${this.#unusable.size === 1 ? "is" : "are"} left out: ${few([...this.#unusable].map(plainText))}`,
          ]
        : []),
    ];
    return parts.length > 0 ? parts.join("; ") : undefined;
  }
}

/** A folder of elsewhere hides the most. */
const weight = ({ leads, to }: UnfollowedLink): number => (leads !== "outside" ? 0 : to?.endsWith("/") ? 2 : 1);

function sentence({ key, leads, to = "" }: UnfollowedLink): string {
  const name = plainText(key);
  if (leads === "outside") return `${name} leaves it for ${plainText(to)}`;
  return leads === "above" ? `${name} leads to a folder above itself` : `${name} leads nowhere`;
}
