//! The pages are embedded when the program is built: a change of the built pages is a change of the program.

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
}
