/** The presets by name, one line each. */
import { preset as baseline } from "./baseline.ts";
import { preset as baselineCifar10 } from "./baseline_cifar10.ts";
import { preset as baselineTiny } from "./baseline_tiny.ts";
import { preset as dv2 } from "./dv2.ts";
import { preset as dv2Cifar10 } from "./dv2_cifar10.ts";
import { preset as dv2Tiny } from "./dv2_tiny.ts";
import { preset as selfie } from "./selfie.ts";
import { preset as selfieCifar10 } from "./selfie_cifar10.ts";
import { preset as selfieTiny } from "./selfie_tiny.ts";
import { preset as allp } from "./allp.ts";
import { preset as allpCifar10 } from "./allp_cifar10.ts";
import { preset as allpTiny } from "./allp_tiny.ts";
import { preset as allpExchange } from "./allp_exchange.ts";
import { preset as allpExchangeCifar10 } from "./allp_exchange_cifar10.ts";
import { preset as allpExchangeTiny } from "./allp_exchange_tiny.ts";
import type { ConfigPreset } from "./preset.ts";

/** The presets by name. */
export const presets: Readonly<Record<string, ConfigPreset>> = {
  "baseline": baseline,
  "baseline-cifar10": baselineCifar10,
  "baseline-tiny": baselineTiny,
  "dv2": dv2,
  "dv2-cifar10": dv2Cifar10,
  "dv2-tiny": dv2Tiny,
  "selfie": selfie,
  "selfie-cifar10": selfieCifar10,
  "selfie-tiny": selfieTiny,
  "allp": allp,
  "allp-cifar10": allpCifar10,
  "allp-tiny": allpTiny,
  "allp-exchange": allpExchange,
  "allp-exchange-cifar10": allpExchangeCifar10,
  "allp-exchange-tiny": allpExchangeTiny,
};
