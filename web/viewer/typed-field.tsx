import { type ComponentProps, useEffect, useRef, useState } from "react";

interface Props extends Omit<ComponentProps<"input">, "value" | "onChange" | "onBlur" | "onKeyDown"> {
  readonly value: string;
  readonly take: (text: string) => void;
}

/** A text that is taken on Enter, or when one leaves; after Esc it is as it was. */
export function TypedField({ value, take, ...rest }: Props) {
  const [typed, setTyped] = useState<string>();
  const isGivenUp = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed is over when the value changes
  useEffect(() => setTyped(undefined), [value]);
  const done = () => {
    if (typed !== undefined && typed.trim() !== "" && !isGivenUp.current) take(typed);
    setTyped(undefined);
  };
  return (
    <input
      {...rest}
      value={typed ?? value}
      onChange={({ target }) => {
        isGivenUp.current = false;
        setTyped(target.value);
      }}
      onBlur={done}
      onKeyDown={({ key }) => {
        if (key === "Enter") done();
        isGivenUp.current = key === "Escape";
      }}
    />
  );
}
