import FoundationEssentials
import Primitives
import Testing
import UpdatePlan

private let now = Date(timeIntervalSince1970: 1_800_000_000)
private let hour: TimeInterval = 3600

@Suite("In which order mirrors are asked")
struct MirrorOrderTests {
    private let mirrors = ["https://a/", "https://b/", "https://c/", "https://d/"]
    private let backwards: ([Int]) -> [Int] = { $0.reversed() }

    @Test("by chance, when nothing is known of them")
    func chance() {
        #expect(MirrorOrder(of: mirrors, MirrorMemory(), at: now, shuffle: backwards).all == [3, 2, 1, 0])
        #expect(MirrorOrder(of: [], MirrorMemory(), at: now, shuffle: backwards).all == [])
    }

    @Test("the last good one first, those that misbehaved last, until their time is over")
    func memory() {
        var memory = MirrorMemory()
        memory.served("https://b/")
        memory.misbehaved("https://d/", code: "tuf/malformed", at: now)
        let order = MirrorOrder(of: mirrors, memory, at: now, shuffle: backwards)
        #expect(order.first == [1, 2, 0])
        #expect(order.afterwards == [3])
        let later = MirrorOrder(of: mirrors, memory, at: now.addingTimeInterval(hour), shuffle: backwards)
        #expect(later.all == [1, 3, 2, 0])
        #expect(later.afterwards == [])
    }

    @Test("when all stand aside, all are asked all the same")
    func all() {
        var memory = MirrorMemory()
        memory.served("https://b/")
        for mirror in mirrors { memory.misbehaved(mirror, code: "tuf/malformed", at: now) }
        let order = MirrorOrder(of: mirrors, memory, at: now, shuffle: backwards)
        #expect(order.first == [])
        #expect(order.afterwards == [3, 2, 1, 0])
    }

    @Test("whatever the shuffling gives, no place is asked that is none")
    func wrongShuffle() {
        #expect(MirrorOrder(of: mirrors, MirrorMemory(), at: now) { _ in [7, 0, -1] }.all == [0])
    }

    @Test("pauses grow, are spread, and end")
    func backOff() {
        #expect((1...5).map { BackOff.seconds(before: $0, chance: 0.5) } == [1, 3, 9, 27, 60])
        #expect(BackOff.seconds(before: 1, chance: 0) == 0.5)
        #expect(BackOff.seconds(before: .max, chance: 7) == 90)
        #expect(BackOff.seconds(before: .min, chance: -7) == 0.5)
    }
}

@Suite("What is remembered of mirrors")
struct MirrorMemoryTests {
    @Test("each further time a mirror stands aside twice as long, up to a day")
    func growth() {
        var memory = MirrorMemory()
        var time = now
        var hours: [Double] = []
        for _ in 1...8 {
            memory.misbehaved("https://a/", code: "tuf/malformed", at: time)
            guard let aside = memory.standsAside("https://a/", at: time) else { break }
            hours.append(aside.until.timeIntervalSince(time) / hour)
            time = aside.until
        }
        #expect(hours == [1, 2, 4, 8, 16, 24, 24, 24])
        #expect(memory.standsAside("https://a/", at: time) == nil)
    }

    @Test("a quiet day, and all is forgotten")
    func forgetting() {
        var memory = MirrorMemory()
        memory.misbehaved("https://a/", code: "tuf/malformed", at: now)
        memory.misbehaved("https://a/", code: "tuf/malformed", at: now)
        #expect(memory.aside.map(\.times) == [2])
        let later = now.addingTimeInterval(26 * hour + 1)
        #expect(memory.kept(for: ["https://a/"], at: now) == memory)
        #expect(memory.kept(for: ["https://a/"], at: later) == MirrorMemory())
        #expect(memory.kept(for: ["https://b/"], at: now) == MirrorMemory())
        memory.misbehaved("https://a/", code: "tuf/malformed", at: later)
        #expect(memory.aside.map(\.times) == [1])
    }

    @Test("a clock that was far ahead puts nobody aside for years")
    func wrongClock() {
        var memory = MirrorMemory()
        memory.misbehaved("https://a/", code: "tuf/malformed", at: now.addingTimeInterval(10_000 * hour))
        #expect(memory.standsAside("https://a/", at: now) == nil)
        memory.misbehaved("https://a/", code: "tuf/malformed", at: now)
        #expect(memory.standsAside("https://a/", at: now)?.times == 1)
    }

    @Test("who misbehaved is not the last good one any more")
    func lastGood() {
        var memory = MirrorMemory()
        memory.served("https://a/")
        memory.misbehaved("https://b/", code: "tuf/malformed", at: now)
        #expect(memory.lastGood == "https://a/")
        memory.misbehaved("https://a/", code: "tuf/malformed", at: now)
        #expect(memory.lastGood == nil)
    }

    @Test("as text it has one spelling; anything else counts as lost")
    func text() {
        var memory = MirrorMemory()
        #expect(MirrorMemory.decode(memory.encode()) == memory)
        memory.misbehaved("https://b/", code: "tuf/malformed", at: now.addingTimeInterval(0.7))
        memory.misbehaved("https://a/", code: "log/fork", at: now)
        memory.served("https://c/")
        let text = memory.encode()
        #expect(MirrorMemory.decode(text) == memory)
        let string = String(decoding: text, as: UTF8.self)
        #expect(string.contains("sceau-mirrors/1"))
        let damages = [
            "", "{}", string + " ", string.replacing("sceau-mirrors/1", with: "sceau-mirrors/2"),
            string.replacing("\"times\": 1", with: "\"times\": 0"), string.replacing("https://a/", with: "https://b/"),
            string.replacing("https://a/", with: "https://z/"),
        ]
        for damage in damages where damage != string {
            #expect(MirrorMemory.decode(Array(damage.utf8)) == nil, "\(damage)")
        }
    }
}
