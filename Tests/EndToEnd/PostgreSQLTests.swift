import Foundation
import TestSupport
import Testing

/// The pattern for databases of Documentation/instance.md, on a real PostgreSQL, through the real tools.
@Suite("A release that changes a database")
struct PostgreSQLTests {
    private static let up = """
        ALTER TABLE suite.mail ADD COLUMN IF NOT EXISTS is_read boolean NOT NULL DEFAULT false;
        CREATE TABLE IF NOT EXISTS suite.label (mail integer REFERENCES suite.mail, name text NOT NULL);
        INSERT INTO suite.label SELECT id, 'old' FROM suite.mail;
        """
    private static let query = "SELECT subject, is_read FROM suite.mail LIMIT 1"
    private static let before = ["start 1.0", "one", "two", "three"]

    private static func impatiently(_ install: String) -> String { install.replacing("within: 60", with: "within: 2") }

    @Test func `changes it, and every row is kept`() throws {
        let instance = try DatabaseInstance()
        try instance.publish("1.1", up: Self.up, query: Self.query)
        let result = try instance.association.agent("update")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try instance.association.installed() == "mail suite 1.1\n")
        #expect(try instance.subjects() == Self.before + ["stop 1.0", "start 1.1"])
        #expect(try instance.database.rows("SELECT count(*) FROM suite.label WHERE name = 'old'") == ["5"])
        #expect(try instance.services() == ["start 1.0", "stop 1.0", "start 1.1"])
        let dump = instance.association.prefix + "/shared/before-1.1.dump"
        let mode = try FileManager.default.attributesOfItem(atPath: dump)[.posixPermissions] as? Int
        #expect(mode == 0o600, "a dump is nobody else's business")
    }

    @Test func `and is not healthy takes its change back by itself`() throws {
        let instance = try DatabaseInstance()
        let schema = try instance.database.schema()
        try instance.publish("1.1", up: Self.up, query: "SELECT nonsense FROM suite.mail", install: Self.impatiently)
        let result = try instance.association.agent("update")
        #expect(result.status == 1)
        #expect(result.errors.contains("column \"nonsense\" does not exist"), "\(result.errors)")
        #expect(result.errors.contains("; 1.0 is in use\n"), "\(result.errors)")
        try expectTakenBack(instance, schema: schema)
        #expect(try instance.services() == ["start 1.0", "stop 1.0", "start 1.1", "stop 1.1", "start 1.0"])
        #expect(try instance.association.agent("update").status == 0)
        #expect(try instance.association.installed() == "mail suite 1.0\n", "1.1 is not tried again")

        // The next one is, and finds the database as 1.0 left it.
        try instance.publish("1.2", up: Self.up, query: Self.query)
        #expect(try instance.association.agent("update").status == 0)
        #expect(try instance.subjects() == Self.before + ["start 1.0", "stop 1.0", "start 1.2"])
    }

    @Test func `and fails in the middle leaves nothing half`() throws {
        let instance = try DatabaseInstance()
        let schema = try instance.database.schema()
        try instance.publish("1.1", up: Self.up + "\nSELECT 1 / 0;", query: Self.query)
        let result = try instance.association.agent("update")
        #expect(result.status == 1)
        #expect(result.errors.contains("division by zero"), "\(result.errors)")
        try expectTakenBack(instance, schema: schema)
        #expect(try instance.services() == ["start 1.0", "stop 1.0", "stop 1.1", "start 1.0"])
    }

    /// The old release in use, schema and rows as they were before; what was written after the dump is gone.
    private func expectTakenBack(_ instance: DatabaseInstance, schema: String) throws {
        #expect(try instance.association.installed() == "mail suite 1.0\n")
        #expect(try instance.database.schema() == schema)
        #expect(try instance.subjects() == Self.before + ["start 1.0"])
        #expect(try instance.sharedFiles() == ["database", "services.txt", "before-1.1.dump"])
        let history = try instance.association.agent("history")
        #expect(history.output.contains("reverted"), "\(history.output)")
    }

    @Test func `twice is taken back twice when an administrator goes back over both`() throws {
        let instance = try DatabaseInstance()
        let schema = try instance.database.schema()
        try instance.publish("1.1", up: Self.up, query: Self.query)
        #expect(try instance.association.agent("update").status == 0)
        let further = "DROP TABLE IF EXISTS suite.label; ALTER TABLE suite.mail ADD COLUMN IF NOT EXISTS size integer;"
        try instance.publish("1.2", up: further, query: "SELECT size FROM suite.mail LIMIT 1")
        #expect(try instance.association.agent("update").status == 0)
        let result = try instance.association.agent("revert", "--to", "1.0")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try instance.database.schema() == schema)
        #expect(try instance.subjects() == Self.before + ["start 1.0"])
    }

    @Test func `is not taken back to a dump of long ago`() throws {
        let instance = try DatabaseInstance()
        try instance.publish("1.1", up: Self.up, query: Self.query)
        #expect(try instance.association.agent("update").status == 0)
        let (schema, rows) = (try instance.database.schema(), try instance.subjects())
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -3 * 86_400)],
            ofItemAtPath: instance.association.prefix + "/shared/before-1.1.dump")
        let result = try instance.association.agent("revert")
        #expect(result.status == 1)
        #expect(result.errors.contains("all that was written since would be lost"), "\(result.errors)")
        #expect(try instance.association.installed() == "mail suite 1.1\n")
        #expect(try instance.database.schema() == schema)
        #expect(try instance.subjects() == rows + ["stop 1.1", "start 1.1"])
    }

    @Test(arguments: [["approve", "1.1"], ["update", "--version", "1.1"]])
    func `for good waits until somebody says so`(words: [String]) throws {
        let instance = try DatabaseInstance()
        let schema = try instance.database.schema()
        try instance.publish("1.1", up: Self.up, query: Self.query) {
            $0.replacing("undo: {run: hooks/undo}", with: "return: none")
        }
        let waiting = try instance.association.agent("update")
        #expect(waiting.status == 0, "\(waiting.errors)")
        #expect(waiting.output.contains("cannot be undone"), "\(waiting.output)")
        #expect(try instance.database.schema() == schema)
        #expect(try instance.services() == ["start 1.0"])
        #expect(try instance.association.installed() == "mail suite 1.0\n")

        let asked = try Tool.agent.run(words + ["--config", instance.association.configuration])
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(try instance.association.installed() == "mail suite 1.1\n")
        #expect(try instance.subjects() == Self.before + ["stop 1.0", "start 1.1"])
        let back = try instance.association.agent("revert")
        #expect(back.status != 0, "there is no way back")
        #expect(try instance.subjects() == Self.before + ["stop 1.0", "start 1.1"])
    }
}
