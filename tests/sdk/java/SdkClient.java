import com.aliyun.openservices.log.Client;
import com.aliyun.openservices.log.common.Consts.CursorMode;
import com.aliyun.openservices.log.common.ConsumerGroup;
import com.aliyun.openservices.log.common.Histogram;
import com.aliyun.openservices.log.common.LogItem;
import com.aliyun.openservices.log.common.LogStore;
import com.aliyun.openservices.log.common.QueriedLog;
import com.aliyun.openservices.log.exception.LogException;
import com.aliyun.openservices.log.http.client.ClientConfiguration;
import com.aliyun.openservices.log.http.signer.SignVersion;
import com.aliyun.openservices.log.request.PullLogsRequest;
import com.aliyun.openservices.log.response.GetHistogramsResponse;
import com.aliyun.openservices.log.response.GetLogsResponse;
import com.aliyun.openservices.log.response.PullLogsResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** What the Java SDK does, done against the Logstore; fails at the first difference. */
final class SdkClient {
    private static final String INDEX = "{\"ttl\":7,\"line\":{\"token\":[\",\",\" \"],"
        + "\"caseSensitive\":false,\"chn\":false},\"keys\":{\"n\":{\"type\":\"long\",\"doc_value\":true},"
        + "\"bytes\":{\"type\":\"long\",\"doc_value\":true},\"note\":{\"type\":\"text\",\"token\":[\",\",\" \"],"
        + "\"caseSensitive\":false,\"chn\":false,\"doc_value\":true}}}";

    private final Client sls;
    private final String project = fresh("java");
    private final String logstore = fresh("store");
    private final int now = (int) (System.currentTimeMillis() / 1000);

    private SdkClient(SignVersion version) {
        sls = client(version, System.getenv("SLS_SECRET"));
    }

    /** Its proxy is the server itself: that needs no name service. */
    private static Client client(SignVersion version, String secret) {
        ClientConfiguration configuration = new ClientConfiguration();
        configuration.setProxyHost("127.0.0.1");
        configuration.setProxyPort(Integer.parseInt(System.getenv("SLS_PORT")));
        configuration.setSignatureVersion(version);
        configuration.setRegion("cn-hangzhou");
        return new Client("http://localhost", System.getenv("SLS_KEY"), secret, configuration);
    }

    public static void main(String[] arguments) throws Exception {
        for (SignVersion version : new SignVersion[] {SignVersion.V1, SignVersion.V4}) {
            new SdkClient(version).run(version);
            System.out.println("ok     Java SDK, " + version);
        }
        System.exit(0);
    }

    private void run(SignVersion version) throws Exception {
        sls.CreateProject(project, "what the Java SDK does");
        same(sls.GetProject(project).GetProjectDescription(), "what the Java SDK does");
        LogStore made = new LogStore(logstore, 7, 1);
        sls.CreateLogStore(project, made);
        same(sls.GetLogStore(project, logstore).GetLogStore().GetTtl(), 7);
        same(sls.ListLogStores(project, 0, 10, "").GetLogStores(), List.of(logstore));
        sls.CreateIndex(project, logstore, INDEX);
        same(sls.GetIndex(project, logstore).GetIndex().GetTtl(), 7);
        writeAndPull();
        query();
        group();
        shards();
        refusals(version);
        sls.DeleteLogStore(project, logstore);
        sls.DeleteProject(project);
        refused(404, "ProjectNotExist", () -> sls.GetProject(project));
    }

    private void writeAndPull() throws LogException {
        for (int group = 0; group < 4; group++) {
            List<LogItem> items = new ArrayList<>();
            for (int n = 10 * group; n < 10 * group + 10; n++) {
                LogItem item = new LogItem(now);
                item.PushBack("n", Integer.toString(n));
                item.PushBack("bytes", Integer.toString(100 * n));
                item.PushBack("note", n % 2 == 0 ? "plain" : "Größe 流");
                items.add(item);
            }
            sls.PutLogs(project, logstore, "topic-" + group, items, "192.0.2.9");
        }
        String cursor = sls.GetCursor(project, logstore, 0, CursorMode.BEGIN).GetCursor();
        String end = sls.GetCursor(project, logstore, 0, CursorMode.END).GetCursor();
        List<Integer> seen = new ArrayList<>();
        while (!cursor.equals(end)) {
            PullLogsResponse answer =
                sls.pullLogs(new PullLogsRequest(project, logstore, 0, 3, cursor));
            answer.getLogGroups().forEach(data -> data.GetFastLogGroup().getLogs().forEach(
                log -> seen.add(Integer.parseInt(log.getContents(0).getValue()))));
            cursor = answer.getNextCursor();
        }
        same(seen, numbers(0, 40));
        same(sls.pullLogs(new PullLogsRequest(project, logstore, 0, 3, end)).getCount(), 0);
        if (sls.GetCursorTime(project, logstore, 0, end).GetCursorTime() < now) {
            throw new AssertionError("the last LogGroup is older than the test");
        }
    }

    private void query() throws Exception {
        long patience = System.nanoTime() + 60_000_000_000L;
        while (count("*") < 40) {
            if (System.nanoTime() > patience) {
                throw new AssertionError("never: 40 rows are found");
            }
            Thread.sleep(100);
        }
        same(found("note: \"流\" and n < 6"), List.of(1, 3, 5));
        same(found("* | select n where n > 37 order by n"), List.of(38, 39));
        GetLogsResponse answer = sls.GetLogs(project, logstore, now - 600, now + 600, "",
            "* | select count(*) as c, sum(bytes) as n");
        same(fields(answer.getLogs().get(0)), List.of("c=40", "n=78000"));
        same(count("n >= 35"), 5L);
    }

    private void group() throws LogException {
        sls.CreateConsumerGroup(project, logstore, new ConsumerGroup("readers", 30, false));
        same(new ArrayList<>(sls.HeartBeat(project, logstore, "readers", "a", List.of())
            .getShards()), List.of(0));
        String end = sls.GetCursor(project, logstore, 0, CursorMode.END).GetCursor();
        sls.UpdateCheckPoint(project, logstore, "readers", "a", 0, end);
        same(sls.GetCheckPoint(project, logstore, "readers", 0).getCheckPoints().get(0)
            .getCheckPoint(), end);
    }

    private void shards() throws LogException {
        same(sls.SplitShard(project, logstore, 0, "8" + "0".repeat(31)).GetShards().size(), 3);
        same(sls.MergeShards(project, logstore, 1).GetShards().size(), 3);
        same(sls.ListShard(project, logstore).GetShards().size(), 4);
    }

    private void refusals(SignVersion version) {
        refused(400, "ProjectAlreadyExist", () -> sls.CreateProject(project, ""));
        refused(400, "LogStoreAlreadyExist",
            () -> sls.CreateLogStore(project, new LogStore(logstore, 7, 1)));
        refused(404, "LogStoreNotExist", () -> sls.GetLogStore(project, fresh("nothing")));
        refused(400, "ParameterInvalid",
            () -> sls.GetLogs(project, logstore, now - 600, now, "", "and n: 1"));
        refused(400, "ConsumerGroupAlreadyExist", () -> sls.CreateConsumerGroup(project, logstore,
            new ConsumerGroup("readers", 30, false)));
        refused(401, "SignatureNotMatch", () -> client(version, "wrong").GetProject(project));
    }

    private long count(String query) throws LogException {
        GetHistogramsResponse answer =
            sls.GetHistograms(project, logstore, now - 600, now + 600, "", query);
        long sum = 0;
        for (Histogram part : answer.GetHistograms()) {
            sum += part.GetCount();
        }
        same(answer.GetTotalCount(), sum);
        return sum;
    }

    private List<Integer> found(String query) throws LogException {
        GetLogsResponse answer =
            sls.GetLogs(project, logstore, now - 600, now + 600, "", query, 100, 0, false);
        List<Integer> numbers = new ArrayList<>();
        for (QueriedLog log : answer.getLogs()) {
            log.GetLogItem().GetLogContents().stream().filter(one -> one.GetKey().equals("n"))
                .forEach(one -> numbers.add(Integer.parseInt(one.GetValue())));
        }
        return numbers;
    }

    private static List<String> fields(QueriedLog log) {
        List<String> fields = new ArrayList<>();
        log.GetLogItem().GetLogContents()
            .forEach(one -> fields.add(one.GetKey() + "=" + one.GetValue()));
        return fields;
    }

    private static List<Integer> numbers(int from, int to) {
        List<Integer> numbers = new ArrayList<>();
        for (int n = from; n < to; n++) {
            numbers.add(n);
        }
        return numbers;
    }

    private static String fresh(String what) {
        return what + "-" + UUID.randomUUID().toString().substring(24);
    }

    private static void same(Object left, Object right) {
        if (!Objects.equals(left, right)) {
            throw new AssertionError(left + " is not " + right);
        }
    }

    private interface Call {
        void run() throws LogException;
    }

    private static void refused(int status, String code, Call call) {
        try {
            call.run();
        } catch (LogException error) {
            same(Arrays.asList(error.GetHttpCode(), error.GetErrorCode()), Arrays.asList(status, code));
            same(error.GetRequestId().isEmpty(), false);
            return;
        }
        throw new AssertionError("not refused: expected " + status + " " + code);
    }
}
