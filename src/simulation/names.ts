import type { Random } from "./random.ts";

/** Names as people give them to services, teams and themselves; all invented. */

const subjects =
  "order payment invoice shipment catalog pricing ledger customer session profile inventory booking routing tracking claim policy quote tariff fleet driver parcel label customs refund loyalty search media message consent audit telemetry sensor forecast payroll tax voucher wallet card identity document contract notification feed report roster dispatch warehouse partner carrier".split(
    " ",
  );
const roles =
  "api worker gateway service processor sync consumer writer reader indexer enricher router store engine adapter".split(
    " ",
  );
const tasks =
  "export import archive close reconcile cleanup snapshot settle digest aggregate".split(" ");
const firstNames =
  "ada tomas mei robin priya noor lars ines kofi yuki omar sena ivo lena ravi nils ana jun tara emil zoe hugo mira paul rosa theo uma vera wim elif".split(
    " ",
  );
const lastNames =
  "lindqvist reyes okafor hale nand berg costa mensah tanaka haddad silva novak keller iyer holm ruiz park quinn weber duarte moreau sato lund adler vega fischer rao petrov".split(
    " ",
  );

export function serviceName(random: Random): string {
  return `${random.pick(subjects)}-${random.pick(roles)}`;
}

export function jobName(random: Random): string {
  return `${random.pick(subjects)}-${random.pick(tasks)}`;
}

export function teamName(random: Random): string {
  return random.pick(subjects);
}

export function personName(random: Random): string {
  return `${random.pick(firstNames)}.${random.pick(lastNames)}`;
}

/** An id in the shape of those of EC2: `i-0…`, `vol-0…`. */
export function resourceId(prefix: string, random: Random): string {
  return `${prefix}-0${random.text(16, "0123456789abcdef")}`;
}

/** The suffix that CloudFormation appends to a generated name. */
export function stackSuffix(random: Random): string {
  return random.text(12, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}
