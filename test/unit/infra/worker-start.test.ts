import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const script = readFileSync(resolve("infra/worker-start.sh"), "utf8");
/** What the script needs of an instance and of AWS; each writes down how it was called, and does this besides. */
const commands: Readonly<Record<string, string>> = {
  aws: `case "$*" in
  *attach-volume*) [ "$(grep -c attach-volume "$CALLS")" -ge 3 ] && : >"$DEVICE" ;;
  *get-parameter*) echo '{"version": 1}' ;;
esac`,
  blkid: '[ -s "$DEVICE" ]',
  chown: "",
  curl: `case "$*" in *token) echo token ;; *) echo i-0123456789abcdef0 ;; esac`,
  dnf: "",
  id: "exit 1",
  // Its owner does not exist here.
  install: 'mkdir -p "${@: -1}"',
  "mkfs.xfs": 'echo xfs >"$DEVICE"',
  mount: "",
  sleep: "",
  systemctl: 'case "$1" in is-active) exit "$STATUS" ;; esac',
  unzip: "",
  useradd: "",
  xfs_growfs: "",
};
/** What it calls by an absolute path. */
const agents = [
  "opt/aws/bin/cfn-signal",
  "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl",
  "usr/bin/node-24",
];
const folders = ["etc/logrotate.d", "etc/systemd/system", "opt/aws/amazon-cloudwatch-agent/etc"];
const hasVerifier = spawnSync("systemd-analyze", ["--version"]).status === 0;

let root = "";
let calls = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "keyhawk-instance-"));
  calls = join(root, "calls");
  for (const folder of [...folders, "bin", "tmp", "dev/disk/by-id", "usr/local/bin"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const [name, does] of Object.entries(commands)) place(`bin/${name}`, does);
  for (const path of agents) place(path, path.endsWith("node-24") ? 'exit "${VALID:-0}"' : "");
});
afterAll(() => rmSync(root, { recursive: true }));

function place(path: string, does: string): void {
  const file = join(root, path);
  mkdirSync(join(file, ".."), { recursive: true });
  const name = path.split("/").at(-1);
  writeFileSync(file, `#!/bin/bash\necho "${name} $*" >>"$CALLS"\n${does}\n`);
  chmodSync(file, 0o755);
}

/** Runs the script with every absolute path below a folder of its own. */
function start(environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(calls, "");
  const device = join(root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123");
  rmSync(device, { force: true });
  const moved = script.replaceAll(
    /(^|[\s"'=>:])\/(?=(?:dev|etc|opt|tmp|usr|var)\/)/gm,
    `$1${root}/`,
  );
  const { status, stderr } = spawnSync("bash", ["-s"], {
    input: moved,
    encoding: "utf8",
    timeout: 30_000,
    env: {
      PATH: `${join(root, "bin")}:/usr/bin:/bin`,
      CALLS: calls,
      DEVICE: device,
      STATUS: "0",
      VOLUME_ID: "vol-0123",
      PROGRAM: "s3://assets/program.zip",
      PARAMETERS: "/keyhawk/worker/configuration/0 /keyhawk/worker/configuration/1",
      LOG_GROUP: "/keyhawk/worker/process",
      NAMESPACE: "Keyhawk/keyhawk",
      STACK: "keyhawk-worker",
      RESOURCE: "Group",
      AWS_DEFAULT_REGION: "eu-central-1",
      ...environment,
    },
  });
  return { status, stderr, called: readFileSync(calls, "utf8").split("\n") };
}

describe("the start of a worker's instance", () => {
  it("waits for the volume, makes a file system where there is none, and tells its stack", () => {
    const { status, stderr, called } = start();
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(called.filter((call) => call.includes("attach-volume"))).toHaveLength(3);
    const order = ["attach-volume", "mkfs.xfs", "mount", "s3 cp", "get-parameter", "validate"];
    const at = order.map((word) => called.findIndex((call) => call.includes(word)));
    expect(at).toEqual(at.toSorted((one, other) => one - other));
    expect(at).not.toContain(-1);
    expect(called.at(-2)).toBe(
      "cfn-signal --exit-code 0 --stack keyhawk-worker --resource Group --region eu-central-1",
    );
  });

  it.each([
    ["a configuration that is not valid", { VALID: "2" }],
    ["a process that does not stay", { STATUS: "3" }],
  ])("tells its stack of %s", (_, environment) => {
    const { status, called } = start(environment);
    expect(status).toBeGreaterThan(0);
    expect(called.at(-2)).toContain(`cfn-signal --exit-code ${status} `);
  });

  it("puts the parts of the configuration together", () => {
    start();
    expect(readFileSync(join(root, "etc/keyhawk.json"), "utf8")).toBe('{"version": 1}'.repeat(2));
  });

  it("tells the agent of the log and of the volume", () => {
    start();
    const file = "opt/aws/amazon-cloudwatch-agent/etc/keyhawk.json";
    expect(JSON.parse(readFileSync(join(root, file), "utf8"))).toMatchObject({
      logs: {
        logs_collected: {
          files: {
            collect_list: [
              {
                file_path: join(root, "var/log/keyhawk/keyhawk.log"),
                log_group_name: "/keyhawk/worker/process",
              },
            ],
          },
        },
      },
      metrics: {
        namespace: "Keyhawk/keyhawk",
        metrics_collected: { disk: { resources: [join(root, "var/lib/keyhawk")] } },
      },
    });
  });

  const verified = hasVerifier ? "" : " (skipped: no systemd-analyze)";
  it.skipIf(!hasVerifier)(`leaves a unit that systemd has nothing to say about${verified}`, () => {
    start();
    const unit = join(root, "etc/systemd/system/keyhawk.service");
    expect(said(unit)).toBe("");
    writeFileSync(unit, readFileSync(unit, "utf8").replace("ReadWritePaths", "ReadWritePathes"));
    expect(said(unit)).toContain("ReadWritePathes");
  });
});

/** What systemd finds wrong with a unit. */
function said(unit: string): string {
  const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], {
    encoding: "utf8",
  });
  return (stdout + stderr).replaceAll(/^.*(?:Failed to (?:connect|open)).*\n/gm, "");
}
