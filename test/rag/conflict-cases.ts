/** Two sentences from two sites, and whether they contradict each other as answers to the question. */
export interface ConflictCase {
  readonly question: string;
  readonly one: string;
  readonly other: string;
  /** Headings, where the sentence does not name its subject. */
  readonly headings?: readonly [string, string];
}

export const contradictions: readonly ConflictCase[] = [
  {
    question: "What is the default port of the Acme gateway?",
    one: "The Acme gateway listens on port 8080 by default.",
    other: "By default, the Acme gateway uses port 9090.",
  },
  {
    question: "What is the default port of the Acme gateway?",
    one: "The default port is 8080.",
    other: "The default port of the gateway is 9090.",
    headings: ["Acme gateway > Settings", "Running the Acme gateway"],
  },
  {
    question: "How tall is Mount Orla?",
    one: "Mount Orla is 2,911 metres tall.",
    other: "At 2,840 m, Mount Orla is the highest mountain of the island.",
  },
  {
    question: "How tall is the Kestrel Tower?",
    one: "The Kestrel Tower is 330 m tall.",
    other: "The Kestrel Tower has a height of 1,020 feet.",
  },
  {
    question: "How many employees does Brightwater have?",
    one: "Brightwater has 300 employees.",
    other: "Brightwater has about 450 employees in four offices.",
  },
  {
    question: "What is the population of Eldham?",
    one: "Eldham has a population of 54,000.",
    other: "The population of Eldham is 61,200.",
  },
  {
    question: "When was Brightwater founded?",
    one: "Brightwater was founded in 1998 by two engineers.",
    other: "Founded in March 2001, Brightwater makes pumps.",
  },
  {
    question: "When does the permit for Lake Ansel expire?",
    one: "The permit for Lake Ansel expires on 12 March 2027.",
    other: "The Lake Ansel permit will expire on 2027-03-21.",
  },
  {
    question: "Who founded Brightwater?",
    one: "Brightwater was founded by Maria Lindqvist in 1998.",
    other: "Brightwater was founded by Tomas Reuter.",
  },
  {
    question: "Where is Brightwater headquartered?",
    one: "Brightwater is headquartered in Gothenburg.",
    other: "The company Brightwater is headquartered in Rotterdam.",
  },
  {
    question: "Does Quill support Windows?",
    one: "Quill supports Windows and Linux.",
    other: "Quill does not support Windows.",
  },
  {
    question: "Is compression enabled by default in Quill?",
    one: "In Quill, compression is enabled by default.",
    other: "Compression is disabled by default.",
    headings: ["Quill manual", "Quill > Compression"],
  },
  {
    question: "Is the Parcel class thread-safe?",
    one: "The Parcel class is thread-safe.",
    other: "Parcel is not thread-safe and needs a lock.",
  },
  {
    question: "Is a password required for the guest network?",
    one: "A password is required for the guest network.",
    other: "For the guest network a password is optional.",
  },
  {
    question: "What is the latest version of Quill?",
    one: "The latest version of Quill is 4.2.",
    other: "Version 4.5.1 is the latest version of Quill.",
  },
  {
    question: "How much does the Quill licence cost?",
    one: "A Quill licence costs $49 per year.",
    other: "The Quill licence costs $79 a year.",
  },
  {
    question: "What is the default value of retry_limit?",
    one: "The default value of retry_limit is 5.",
    other: "retry_limit defaults to 3.",
  },
  {
    question: "What is the default of fsync_mode?",
    one: "The default of fsync_mode is on.",
    other: "fsync_mode is off by default.",
  },
  {
    question: "What is the default log format of Quill?",
    one: "The default log format of Quill is `json`.",
    other: "The log format of Quill defaults to `plain`.",
  },
  {
    question: "What is the maximum size of a Quill attachment?",
    one: "The maximum size of a Quill attachment is 25 MB.",
    other: "A Quill attachment has a maximum size of 10 MB.",
  },
  {
    question: "How long does the session timeout last in Quill?",
    one: "In Quill the session timeout is 30 minutes.",
    other: "Quill has a session timeout of one hour, after which users sign in again.",
  },
  {
    question: "What share of Eldham's power comes from wind?",
    one: "Wind gives 42 % of Eldham's power.",
    other: "About 20 percent of Eldham's power comes from wind.",
  },
  {
    question: "How heavy is the Orion drone?",
    one: "The Orion drone weighs 1.2 kg.",
    other: "The weight of the Orion drone is 900 g.",
  },
  {
    question: "What is the boiling temperature of xylol?",
    one: "The boiling temperature of xylol is 139 °C.",
    other: "Xylol has a boiling temperature of 250 °F.",
  },
  {
    question: "Which command starts the Quill server?",
    one: "The command `quill serve` starts the Quill server.",
    other: "The command `quill-start` starts the Quill server.",
  },
];

export const agreements: readonly ConflictCase[] = [
  {
    question: "How tall is Mount Orla?",
    one: "Mount Orla is about 300 m tall.",
    other: "Mount Orla is 299.8 metres tall.",
  },
  {
    question: "How tall is the Kestrel Tower?",
    one: "The Kestrel Tower is 330 m tall.",
    other: "The Kestrel Tower has a height of 1,083 feet.",
  },
  {
    question: "How many people work at Brightwater?",
    one: "Between 10 and 20 people work at Brightwater.",
    other: "15 people work at Brightwater.",
  },
  {
    question: "How many employees does Brightwater have?",
    one: "Brightwater has more than 300 employees.",
    other: "Brightwater has 342 employees.",
  },
  {
    question: "What is the maximum size of a Quill attachment?",
    one: "The maximum size of a Quill attachment is 64 KB.",
    other: "A Quill attachment has a maximum size of 65,536 bytes.",
  },
  {
    question: "How fast is the Quill export?",
    one: "The speed of the Quill export is 10 MB/s.",
    other: "The speed of the Quill export is 10 megabytes per second.",
  },
  {
    question: "How much data does a Quill export send?",
    one: "A Quill export sends 10 MB/s of data.",
    other: "A Quill export sends 400 MB of data.",
  },
  {
    question: "How much does the Quill licence cost?",
    one: "A Quill licence costs $10 per month.",
    other: "The Quill licence costs $120 a year.",
  },
  {
    question: "How much does the Quill licence cost?",
    one: "A Quill licence costs $10 per month.",
    other: "The Quill licence costs €11 per month.",
  },
  {
    question: "What is the default stack limit of Parcel?",
    one: "In Parcel 3.7 the default stack limit is 1000.",
    other: "In Parcel 4.1 the default stack limit is 2000.",
  },
  {
    question: "What is the default stack limit of Parcel?",
    one: "The default stack limit of Parcel is 1000.",
    other: "Since version 4.1 the default stack limit of Parcel is 2000.",
  },
  {
    question: "What is the default path length limit of Quill?",
    one: "On Windows the default path length limit of Quill is 260.",
    other: "On Linux the default path length limit of Quill is 4096.",
  },
  {
    question: "What is the default buffer size of Quill?",
    one: "The default buffer size is 8 kB.",
    other: "The default buffer size is 32 kB.",
    headings: ["Quill 2.0 documentation > Buffers", "Quill 3.1 documentation > Buffers"],
  },
  {
    question: "What is the population of Eldham?",
    one: "In 1990 Eldham had a population of 54,000.",
    other: "In 2020 Eldham had a population of 61,200.",
  },
  {
    question: "What is the default timeout of Quill?",
    one: "The default idle timeout of Quill is 30 seconds.",
    other: "The default connect timeout of Quill is 5 seconds.",
  },
  {
    question: "What is the default port of the Acme gateway?",
    one: "The Acme gateway listens on port 8080 by default.",
    other: "The default port of the Zenith gateway is 9090.",
  },
  {
    question: "What is the default port of the Acme gateway?",
    one: "The Acme gateway listens on port 8080 by default.",
    other: "For example, start the Acme gateway on port 9000 in place of the default.",
  },
  {
    question: "What is the default port of the Acme gateway?",
    one: "The default port of the Acme gateway is 8080.",
    other: "The default port of the Acme gateway was changed from 80 to 8080.",
  },
  {
    question: "What is the default cache size of Quill?",
    one: "The default cache size of Quill is 64 MB.",
    other: "If encryption is on, the default cache size of Quill is 16 MB.",
  },
  {
    question: "When was Brightwater founded?",
    one: "Brightwater was founded in March 2001.",
    other: "Founded on 12 March 2001, Brightwater makes pumps.",
  },
  {
    question: "When was Brightwater founded?",
    one: "Brightwater was founded in 1998.",
    other: "Brightwater was acquired by Delmar in 2015.",
  },
  {
    question: "When was Brightwater founded?",
    one: "Founded in 1998 and acquired by Delmar in 2015, Brightwater makes pumps.",
    other: "Brightwater was founded in 1998.",
  },
  {
    question: "When does the permit for Lake Ansel expire?",
    one: "The permit for Lake Ansel expires on 03/04/2027.",
    other: "The permit for Lake Ansel expires on 4 March 2027.",
  },
  {
    question: "Who founded Brightwater?",
    one: "Brightwater was founded by Maria Lindqvist in 1998.",
    other: "Brightwater was founded by Lindqvist and a friend.",
  },
  {
    question: "Who founded Brightwater?",
    one: "Brightwater was founded by Maria Lindqvist and Tomas Reuter.",
    other: "Brightwater was founded by Tomas Reuter.",
  },
  {
    question: "Where is Brightwater headquartered?",
    one: "Brightwater is headquartered in Gothenburg.",
    other: "Brightwater is headquartered in Sweden.",
  },
  {
    question: "Does Quill support Windows?",
    one: "Quill supports Windows.",
    other: "Quill does not support Windows on ARM.",
  },
  {
    question: "Does Quill support plugins?",
    one: "Quill supports plugins.",
    other: "Quill does not support plugins if it runs in safe mode.",
  },
  {
    question: "Does Quill support plugins?",
    one: "Quill supports plugins.",
    other: "Plugins that Quill does not know are not a problem, and Quill supports signed plugins.",
  },
  {
    question: "Is the Parcel class thread-safe?",
    one: "The Parcel class is thread-safe.",
    other: "The Envelope class is not thread-safe.",
  },
  {
    question: "Is the guest network insecure?",
    one: "The guest network is insecure.",
    other: "The guest network is not secure.",
  },
  {
    question: "What is the latest version of Quill?",
    one: "The latest version of Quill is 4.2.",
    other: "The latest version of Quill is 4.2.7.",
  },
  {
    question: "What is the maximum number of open files in Quill?",
    one: "The maximum number of open files in Quill is 512.",
    other: "The minimum number of open files in Quill is 16.",
  },
  {
    question: "What is the default value of retry_limit?",
    one: "The default value of retry_limit is 5.",
    other: "The default value of retry_delay is 3.",
  },
  {
    question: "How does Quill store its notes?",
    one: "Quill stores its notes in 3 files.",
    other: "Quill stores its notes in 5 tables.",
  },
  {
    question: "Which command starts the Quill server?",
    one: "The command `quill serve` starts the Quill server.",
    other: "The Quill server can also be started with the command `quill-start`.",
  },
];
