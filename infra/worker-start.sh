# Starts Keyhawk on its instance: the volume with the state, the program, the configuration, the log, the process.
# The line before this one gives VOLUME_ID, PROGRAM, PARAMETERS, LOG_GROUP, NAMESPACE, STACK, RESOURCE and AWS_DEFAULT_REGION.
set -euo pipefail
trap '/opt/aws/bin/cfn-signal --exit-code $? --stack "$STACK" --resource "$RESOURCE" --region "$AWS_DEFAULT_REGION"' EXIT

dnf install --assumeyes nodejs24 unzip amazon-cloudwatch-agent

metadata=http://169.254.169.254/latest
token=$(curl --fail --silent --request PUT "$metadata/api/token" --header 'X-aws-ec2-metadata-token-ttl-seconds: 300')
instance=$(curl --fail --silent --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/instance-id")

# Its predecessor may hold the volume for as long as it takes to stop.
attempts=60
until aws ec2 attach-volume --volume-id "$VOLUME_ID" --instance-id "$instance" --device /dev/sdf; do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ]
  sleep 10
done
device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}
until [ -e "$device" ]; do sleep 1; done

# mkfs refuses a volume that holds anything; an existing file system grows to the size of its volume.
blkid "$device" || mkfs.xfs "$device"
state=/var/lib/keyhawk
mkdir -p "$state"
mount "$device" "$state"
xfs_growfs "$state"
id keyhawk || useradd --system --home-dir "$state" --shell /sbin/nologin keyhawk
chown keyhawk:keyhawk "$state"

aws s3 cp --only-show-errors "$PROGRAM" /tmp/keyhawk.zip
mkdir -p /opt/keyhawk
unzip -o -q /tmp/keyhawk.zip -d /opt/keyhawk
printf '#!/bin/sh\nexec /usr/bin/node-24 /opt/keyhawk/index.mjs "$@"\n' >/usr/local/bin/keyhawk
chmod 755 /usr/local/bin/keyhawk

for name in $PARAMETERS; do
  aws ssm get-parameter --name "$name" --query Parameter.Value --output text | tr -d '\n'
done >/etc/keyhawk.json
/usr/local/bin/keyhawk validate /etc/keyhawk.json

install --directory --owner keyhawk --group keyhawk /var/log/keyhawk
cat >/etc/logrotate.d/keyhawk <<'END'
/var/log/keyhawk/keyhawk.log {
  size 64M
  rotate 4
  copytruncate
  missingok
}
END
cat >/opt/aws/amazon-cloudwatch-agent/etc/keyhawk.json <<END
{
  "agent": { "run_as_user": "root" },
  "logs": { "logs_collected": { "files": { "collect_list": [
    { "file_path": "/var/log/keyhawk/keyhawk.log", "log_group_name": "$LOG_GROUP", "log_stream_name": "{instance_id}" }
  ] } } },
  "metrics": {
    "namespace": "$NAMESPACE",
    "metrics_collected": {
      "disk": { "resources": ["$state"], "measurement": ["used_percent"], "drop_device": true },
      "mem": { "measurement": ["used_percent"] }
    },
    "aggregation_dimensions": [[]]
  }
}
END
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
  -c file:/opt/aws/amazon-cloudwatch-agent/etc/keyhawk.json

cat >/etc/systemd/system/keyhawk.service <<END
[Unit]
Description=Keyhawk
RequiresMountsFor=$state
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/bin/keyhawk --json run --config /etc/keyhawk.json
Environment=AWS_REGION=$AWS_DEFAULT_REGION
User=keyhawk
Restart=always
RestartSec=5
SuccessExitStatus=143
StandardError=append:/var/log/keyhawk/keyhawk.log
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=yes
ReadWritePaths=$state

[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now keyhawk
sleep 5
systemctl is-active keyhawk
