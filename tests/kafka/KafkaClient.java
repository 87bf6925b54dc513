import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
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
    private static void read(String brokers, String topic, String isolation) throws IOException {
        Properties properties = to(brokers);
        properties.put("isolation.level", isolation);
        properties.put("fetch.max.wait.ms", "100");
        try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            consumer.partitionsFor(topic).forEach(p -> partitions.add(new TopicPartition(topic, p.partition())));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Writer out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.US_ASCII), 1 << 16);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    out.write(record.partition() + " " + record.offset() + " "
                        + HEX.formatHex(record.key()) + " " + HEX.formatHex(record.value()) + "\n");
                }
            }
            out.flush();
        }
    }

    /** Gives a user a password, for both mechanisms. */
    private static void scram(String brokers, String user, String password) throws Exception {
        try (Admin admin = Admin.create(to(brokers))) {
            for (ScramMechanism mechanism : List.of(ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512)) {
                var credential = new ScramCredentialInfo(mechanism, 4096);
                var change = new UserScramCredentialUpsertion(user, credential, password);
                admin.alterUserScramCredentials(List.of(change)).all().get();
            }
        }
    }
}
