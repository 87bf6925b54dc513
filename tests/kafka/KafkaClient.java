import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The official client, as the kafka suite needs it. */
public final class KafkaClient {
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        String brokers = args[1];
        switch (args[0]) {
            case "ready" -> ready(brokers);
            case "create" -> create(brokers, args);
            case "read" -> read(brokers, args[2], args[3]);
            case "scram" -> scram(brokers, args[2], args[3]);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static Properties to(String brokers) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", brokers);
        return properties;
    }

    /** Returns when the cluster names its broker. */
    private static void ready(String brokers) throws Exception {
        try (Admin admin = Admin.create(to(brokers))) {
            while (admin.describeCluster().nodes().get().isEmpty()) {
                Thread.sleep(20);
            }
        }
    }

    /** create BROKERS NAME:PARTITIONS[:KEY=VALUE]... */
    private static void create(String brokers, String[] args) throws Exception {
        List<NewTopic> topics = new ArrayList<>();
        for (int at = 2; at < args.length; at++) {
            String[] parts = args[at].split(":");
            NewTopic topic = new NewTopic(parts[0], Optional.of(Integer.parseInt(parts[1])), Optional.empty());
            if (parts.length > 2) {
                String[] config = parts[2].split("=");
                topic.configs(Map.of(config[0], config[1]));
            }
            topics.add(topic);
        }
        try (Admin admin = Admin.create(to(brokers))) {
            admin.createTopics(topics).all().get();
        }
    }

    /** Prints PARTITION OFFSET KEY VALUE of every record that a reader of the isolation level sees. */
    private static void read(String brokers, String topic, String isolation) {
        Properties properties = to(brokers);
        properties.put("isolation.level", isolation);
        properties.put("fetch.max.wait.ms", "100");
        try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            StringBuilder out = new StringBuilder();
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    out.append(record.partition()).append(' ').append(record.offset()).append(' ')
                        .append(HEX.formatHex(record.key())).append(' ')
                        .append(HEX.formatHex(record.value())).append('\n');
                }
            }
            System.out.write(out.toString().getBytes(StandardCharsets.US_ASCII), 0, out.length());
            System.out.flush();
        }
    }

    /** Gives a user a password, for both mechanisms. */
    private static void scram(String brokers, String user, String password) throws Exception {
        List<org.apache.kafka.clients.admin.UserScramCredentialAlteration> changes = new ArrayList<>();
        for (ScramMechanism mechanism : List.of(ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)) {
            changes.add(new UserScramCredentialUpsertion(user, new ScramCredentialInfo(mechanism, 4096), password));
        }
        try (Admin admin = Admin.create(to(brokers))) {
            admin.alterUserScramCredentials(changes).all().get();
        }
    }
}
