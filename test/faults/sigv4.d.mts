export function isSigned(
  request: { method: string; rawPath: string; rawQuery: string; headers: Record<string, string | string[] | undefined> },
  credentials: { accessKeyId: string; secretAccessKey: string },
): boolean;
