import { z } from "zod";

/**
 * Accepts the path of a file or folder. On the command line it is relative to the user's folder,
 * elsewhere to the folder that the program runs in.
 */
export const pathSetting: z.ZodString = z.string().min(1)
  .meta({ format: "path" });
