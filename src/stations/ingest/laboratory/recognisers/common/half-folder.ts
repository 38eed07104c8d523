/** Names of folders of halves alone. */
export const HALF_FOLDER = /^(?:evn|evens?|odds?|half[_-]?(?:map)?[_-]?[12ab])$/i;
