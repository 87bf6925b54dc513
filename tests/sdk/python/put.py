"""Puts rows numbered from 0: put.py PROJECT LOGSTORE COUNT; returns when they can be found."""

import sys
import time

import service
from aliyun.log import GetHistogramsRequest

project, logstore, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sls = service.client()
for first in range(0, count, 10):
    service.put(sls, project, logstore, service.rows(first, min(10, count - first)))
now = int(time.time())
request = GetHistogramsRequest(project, logstore, now - 600, now + 600, "", "*")
service.until(lambda: sls.get_histograms(request).get_total_count() == count, "they are found")
