import { type Alarms, maximumOf } from "./alarms.ts";
import type { WorkerHost } from "./worker-host.ts";

/** The instance and its volume. */
export function alarmOnHost(alarms: Alarms, host: WorkerHost, namespace: string): void {
  const { autoScalingGroupName } = host.group;
  alarms.add("NoInstance", {
    metric: maximumOf(
      "AWS/AutoScaling",
      "GroupInServiceInstances",
      { AutoScalingGroupName: autoScalingGroupName },
      15,
    ),
    description:
      "Keyhawk: no instance has been in service for 15 minutes. The activity of the Auto Scaling group says why.",
    threshold: 1,
    below: true,
    ringsWithoutData: true,
  });
  alarms.add("VolumeFull", {
    metric: maximumOf(namespace, "disk_used_percent", {}, 15),
    description:
      "Keyhawk: the volume with the state is filling up. Raise worker.volumeGiB and replace the instance.",
    threshold: 80,
  });
}
