// Counter-based random numbers: pcg4d of Jarzynski and Olano (JCGT 9(3), 2020). Rust twin: src/model/random.rs.

const STREAM_POISSON = 1u;
const STREAM_BACKGROUND = 2u;

fn random_u32(seed: u32, stream: u32, index: u32, counter: u32) -> u32 {
    var v = vec4<u32>(seed, stream, index, counter) * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4<u32>(16u);
    v.x += v.y * v.w;
    return v.x;
}
